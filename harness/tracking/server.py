"""Whether W&B's server takes the key, known in seconds: the package itself tries for a minute and a half."""

from __future__ import annotations

import os

import requests

from humpback.core.store import StoreError

_CONNECT, _ANSWER = 5.0, 15.0
"""Seconds."""


def hold_reachable() -> None:
    """Nothing where the server takes the key.

    Raises:
        StoreError: when it does not, or cannot be asked, in a line.
    """
    import wandb

    address = os.environ.get("WANDB_BASE_URL", "").strip().rstrip("/") or wandb.Settings().base_url.rstrip("/")
    try:
        reply = requests.post(
            f"{address}/graphql",
            json={"query": "query { viewer { id } }"},
            auth=("api", os.environ.get("WANDB_API_KEY", "")),
            timeout=(_CONNECT, _ANSWER),
        )
    except requests.RequestException as error:
        raise StoreError(f"W&B's server {address} cannot be asked ({type(error).__name__})") from error
    if reply.status_code in (401, 403):
        raise StoreError(f"W&B's server {address} refuses the key in WANDB_API_KEY ({reply.status_code})")
    if not reply.ok:
        raise StoreError(f"W&B's server {address} answers {reply.status_code}")
    try:
        viewer = reply.json()["data"]["viewer"]
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{address} does not answer as W&B's server does") from error
    if not viewer:
        raise StoreError(f"W&B's server {address} knows nobody by the key in WANDB_API_KEY")
