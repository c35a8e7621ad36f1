"""The bar that goes back through a run: which step, x_t or the clean estimate, and a button to listen to it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QSizePolicy,
    QSlider,
    QStyle,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from pianodiff_gui.look.labels import ElidedLabel
from pianodiff_gui.look.theme import GRID, GRIP, font
from pianodiff_gui.session.history import History, Moment

_LISTEN_ICON = 16  # px
_SHORTEST_SLIDER = 96  # px
_WORDS_FIRST = 100  # stretch: the slider gets what the words leave
_OWN_KEYS = frozenset((Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Home, Qt.Key.Key_End))


class StepSlider(QSlider):
    """A slider over the kept steps. The arrow keys are its own while it has the focus: elsewhere they cut the music."""

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumWidth(_SHORTEST_SLIDER)
        self.setPageStep(1)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A press beside the grip takes it there at once, ready to be dragged on."""
        if event.button() == Qt.MouseButton.LeftButton:
            room = self.width() - GRIP
            at = round(event.position().x() - GRIP / 2)
            grip = QStyle.sliderPositionFromValue(self.minimum(), self.maximum(), self.value(), room)
            if abs(at - grip) > GRIP / 2:
                self.setValue(QStyle.sliderValueFromPosition(self.minimum(), self.maximum(), at, room))
        super().mousePressEvent(event)

    def event(self, event: QEvent) -> bool:
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.modifiers() in (Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.KeypadModifier)
            and event.key() in _OWN_KEYS
        ):
            event.accept()
            return True
        return super().event(event)


class ScrubBar(QFrame):
    """Shows where in a History the window looks, and lets the user move there. It draws no signal itself."""

    moved = Signal()  # the user looks at another step, or at the other of its two signals

    def __init__(self, listen: QAction) -> None:
        super().__init__()
        self.setObjectName("scrub")
        self._history = History()
        self.state = self._segment("x_t", "The noisy signal that the network was given next")
        self.clean = self._segment("Clean estimate", "What the network took to be under the noise at this step")
        self.state.setChecked(True)
        self._group = group = QButtonGroup(self)
        segments = QFrame()
        segments.setObjectName("segments")
        pair = QHBoxLayout(segments)
        pair.setContentsMargins(2, 2, 2, 2)
        pair.setSpacing(2)
        for button in (self.state, self.clean):
            group.addButton(button)
            pair.addWidget(button)
        group.buttonToggled.connect(lambda _button, on: self.moved.emit() if on else None)

        self.listen = QToolButton()
        self.listen.setDefaultAction(listen)
        self.listen.setIconSize(QSize(_LISTEN_ICON, _LISTEN_ICON))
        self.listen.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        self.listen.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.listen.setAccessibleName("Listen to this step")

        self.slider = StepSlider()
        self.slider.setAccessibleName("Step of the last run")
        self.slider.setToolTip("Back through the last run, from noise to music (Page Up and Page Down)")
        self.slider.valueChanged.connect(self._slid)

        self.place, self.kept = ElidedLabel(), ElidedLabel()
        self.place.setFont(font(8.75, tabular=True))
        self.kept.setFont(font(8.25, tabular=True))
        self.kept.setProperty("role", "muted")
        self._words = QWidget()
        words = QVBoxLayout(self._words)
        words.setContentsMargins(0, 0, 0, 0)
        words.setSpacing(0)
        for label in (self.place, self.kept):
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            words.addWidget(label)

        row = QHBoxLayout(self)
        row.setContentsMargins(2 * GRID, GRID // 2, 2 * GRID, GRID // 2)
        row.setSpacing(GRID)
        row.addWidget(segments)
        row.addWidget(self.listen)
        row.addWidget(self.slider, 1)
        row.addSpacing(GRID)
        row.addWidget(self._words, _WORDS_FIRST)

    def _segment(self, text: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setToolTip(tip)
        button.setCheckable(True)
        button.setFont(font(8.75, font().Weight.Medium))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    @property
    def history(self) -> History:
        """The run that it goes back through; empty where there is none."""
        return self._history

    @property
    def moment(self) -> Moment | None:
        """The step that is looked at; None where there is none."""
        moments = self._history.moments
        return moments[self.slider.value()] if moments else None

    @property
    def shows_clean(self) -> bool:
        return self.clean.isChecked()

    def set_history(self, history: History) -> None:
        """Offer the steps of `history`, x_t of the last one first; an empty history takes the bar away."""
        self._history = history
        moments = history.moments
        with QSignalBlocker(self.slider), QSignalBlocker(self._group):
            self.state.setChecked(True)
            self.slider.setRange(0, max(0, len(moments) - 1))
            self.slider.setValue(self.slider.maximum())
        if moments:
            self.kept.setText(history.describe())
            # As wide as the widest text, or the slider would change its length under the mouse.
            places, kept = self.place.fontMetrics(), self.kept.fontMetrics()
            widest = max(places.horizontalAdvance(history.place(moment)) for moment in moments)
            self._words.setMaximumWidth(max(widest, kept.horizontalAdvance(self.kept.text())) + 2)
            self._say_place()
        self.setVisible(bool(moments))

    def step(self, by: int) -> None:
        """Go on by so many kept steps, back where negative."""
        if self._history.moments:
            self.slider.setValue(self.slider.value() + by)

    def _slid(self) -> None:
        self._say_place()
        self.moved.emit()

    def _say_place(self) -> None:
        moment = self.moment
        self.place.setText(self._history.place(moment) if moment is not None else "")
