"""Choosing a network: from the menu, from a file or a folder, or by dropping one; and what follows when that fails."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Qt

from core.networks.card import CONFIG_NAME
from pianodiff_gui.actions.actions import Actions
from pianodiff_gui.networks.card import CardDialog
from pianodiff_gui.networks.networks import NETWORK_SUFFIXES, Found, Networks, Trouble
from pianodiff_gui.presenters.conversation import Conversation
from pianodiff_gui.session.preferences import Preferences
from pianodiff_gui.session.session import Session
from pianodiff_gui.views.controls import Controls


class NetworkChoice(QObject):
    """Between the user, the list of networks and the session."""

    def __init__(
        self,
        session: Session,
        networks: Networks,
        controls: Controls,
        preferences: Preferences,
        conversation: Conversation,
        actions: Actions,
    ) -> None:
        super().__init__(conversation)
        self._session, self._networks, self._preferences = session, networks, preferences
        self._controls, self._conversation = controls, conversation
        self.card: CardDialog | None = None
        controls.network_selected.connect(self.select)
        controls.forget_network_requested.connect(self.forget)
        actions.on("network", self.ask_for_file)
        actions.on("network_folder", self.ask_for_folder)
        actions.on("network_info", self.about)

    # At the start

    def restore(self) -> None:
        """Use what was used last; an own network is only awaited, until `begin` reads it."""
        default = self._networks.default
        if default is not None:
            self._session.choice.set_network(default.info, default.name)
        name = self._preferences.network
        shipped = next((info for info in self._networks.shipped if info.name == name), None)
        if shipped is not None:
            self._session.choice.set_network(shipped, name)
        elif self._networks.remembered(name) is not None:
            self._session.choice.await_network(name)

    def begin(self) -> None:
        """Read the awaited network, and see whether the others are still there. After the window has been painted."""
        name = self._session.choice.awaited
        if name:
            self._read(name, lambda found: self._use(found, say=False), self._lost)
        self._networks.look()

    # What the user does

    def ask_for_file(self) -> None:
        """Choose a network by its file."""
        patterns = " ".join((CONFIG_NAME, *(f"*{suffix}" for suffix in NETWORK_SUFFIXES)))
        path = self._conversation.choose_file(
            "Choose a network", self._preferences.network_folder, f"Networks ({patterns});;All files (*)"
        )
        if path:
            self.consider(path)

    def ask_for_folder(self) -> None:
        """Choose a network that is a folder."""
        path = self._conversation.choose_folder("Choose a network folder", self._preferences.network_folder)
        if path:
            self.consider(path)

    def consider(self, path: str) -> None:
        """Read the network at `path`, show its card, and use it if the user agrees."""
        if self._session.engine.running:
            self._conversation.tell(
                "An extension is running. Cancel it, or wait until it is done, to choose a network."
            )
            return
        self._session.choice.await_network("")
        self._read(path, self._show_card, self._refused)

    def use(self, path: str) -> None:
        """Read the network at `path` and use it without asking."""
        self._read(path, self._use, self._refused)

    def select(self, name: str) -> None:
        """Use a network of the menu: at once where it is known, else as soon as it has been read."""
        found = self._networks.found(name)
        if found is not None and self._networks.trouble(name) is None:
            self._use(found)
            if not found.shipped:  # its files may have changed since
                self._read(name, self._update, self._lost, quiet=True)
            return
        self._session.choice.await_network(name)
        self._read(name, self._use, self._unusable)

    def stop(self) -> None:
        """Do not wait for the network that is being read; what was used before stays in use."""
        if self._networks.reading:
            self._networks.stop()
            self._session.choice.await_network("")
            self._conversation.say("The network was not changed")

    def about(self) -> None:
        """Show the card of the network in use."""
        name, info = self._session.choice.settings.network, self._session.choice.network
        if info is not None:
            found = self._networks.found(name)
            self._open_card(found if found is not None else Found(name, info, 0, "", shipped=False), new=False)

    def forget(self, name: str) -> None:
        """Take an own network off the list and stop using it; its files stay."""
        title = self._networks.label(name)
        self._networks.forget(name)
        self._controls.show_notice("", "")
        if self._preferences.network == name:
            self._preferences.network = ""
        if self._session.choice.settings.network == name:
            self._use_default()
        self._conversation.say(f"\u201c{title}\u201d was taken off the list; its files stay where they are")

    # Reading has ended

    def _read(
        self, path: str, done: Callable[[Found], None], failed: Callable[[str, Trouble], None], quiet: bool = False
    ) -> None:
        def answer(result: Found | Trouble) -> None:
            if isinstance(result, Found):
                done(result)
            else:
                failed(path, result)

        self._networks.read(path, answer, quiet)

    def _use(self, found: Found, say: bool = True) -> None:
        self._networks.stop()  # one chosen earlier and read later must not take its place
        self._networks.remember(found)
        self._preferences.network = found.name
        self._session.choice.set_network(found.info, found.name)
        self._controls.show_notice("", "")
        if say:
            self._conversation.say(f"Extending with {found.title} from now on")

    def _update(self, found: Found) -> None:
        """The network in use has been read again."""
        if found.name == self._session.choice.settings.network and found.info != self._session.choice.network:
            self._use(found)

    def _refused(self, _path: str, trouble: Trouble) -> None:
        """It was chosen just now and is no network; nothing has changed."""
        self._conversation.tell(trouble.message)

    def _unusable(self, name: str, trouble: Trouble) -> None:
        """It was chosen from the menu, and what was used before stays in use."""
        self._session.choice.await_network("")
        title = self._networks.label(name)
        self._networks.mark(name, trouble)
        if self._conversation.ask(f"\u201c{title}\u201d cannot be used.", trouble.message, "Forget it", "Keep it"):
            self.forget(name)

    def _lost(self, name: str, trouble: Trouble) -> None:
        """It was in use, or was to be from the start, and is not there any more."""
        title = self._networks.label(name)
        self._networks.mark(name, trouble)
        self._session.choice.await_network("")
        if self._session.choice.settings.network == name:
            self._use_default()
        now = self._session.choice.network
        instead = f"{now.title} is used instead." if now is not None else "There is no other network."
        self._controls.show_notice(f"\u201c{title}\u201d cannot be used. {trouble.message} {instead}", name)

    def _use_default(self) -> None:
        default = self._networks.default
        if default is not None:
            self._session.choice.set_network(default.info, default.name)
        else:
            self._session.choice.set_network(None, self._session.choice.settings.network)

    # The card

    def _show_card(self, found: Found) -> None:
        path = Path(found.name)
        if not found.shipped:
            self._preferences.network_folder = path.parent
        self._open_card(found, new=True)

    def _open_card(self, found: Found, new: bool) -> None:
        if self.card is not None:
            self.card.reject()
        card = CardDialog(self._conversation.window, found, new)
        card.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        card.finished.connect(lambda _result: self._card_closed(card))
        if new:
            card.accepted.connect(lambda: self._use(found))
        card.forget_requested.connect(lambda: self.forget(found.name))
        self.card = card
        card.open()

    def _card_closed(self, card: CardDialog) -> None:
        if self.card is card:
            self.card = None
