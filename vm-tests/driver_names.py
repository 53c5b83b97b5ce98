# Names that a NixOS test's script has, as far as ours use them: what mypy checks the scripts with.
from typing import Callable, ContextManager, Optional, Protocol


class Machine(Protocol):
    def wait_for_unit(self, unit: str, user: Optional[str] = None, timeout: int = 900) -> None: ...
    def succeed(self, *commands: str, timeout: Optional[int] = None) -> str: ...
    def fail(self, *commands: str, timeout: Optional[int] = None) -> str: ...
    def wait_until_succeeds(self, command: str, timeout: int = 900) -> str: ...


machine: Machine
start_all: Callable[[], None]
subtest: Callable[[str], ContextManager[None]]

