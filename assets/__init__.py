"""Files that ship with PianoDiff: networks, the demo clip, icons. `core.assets.asset_path` finds them."""
