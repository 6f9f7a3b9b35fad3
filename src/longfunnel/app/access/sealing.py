"""Seals secrets that the state database keeps, with a key that is not in it."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from cryptography.fernet import Fernet

from longfunnel.app.business import OWN_FOLDER

if TYPE_CHECKING:
    from longfunnel.app.business import Business

KEY_FILE = "secret.key"


def box(business: Business) -> Fernet:
    """What seals and opens the business's secrets; its key file, which only its owner can read, is made at the first use.

    ``decrypt`` raises ``cryptography.fernet.InvalidToken`` for what another key has sealed.
    """
    file = business.folder / OWN_FOLDER / KEY_FILE
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        with (
            suppress(FileExistsError),
            os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened,
        ):
            opened.write(Fernet.generate_key())
    return Fernet(file.read_bytes())
