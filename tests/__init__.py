"""What tests may not depend on is taken away before any of them is imported: the environment of whoever runs them."""

import os
import re
import time

_THEIRS = re.compile(
    r"(WANDB|HF|OPENAI|ANTHROPIC|ALPACA_EVAL|GIT|NLTK|TRANSFORMERS|TTY)_|"
    r"(no|https?|all|ftp)_proxy$|(REQUESTS_CA_BUNDLE|CURL_CA_BUNDLE|SSL_CERT_\w+)$|"
    r"(COLUMNS|LINES|(NO|FORCE|CLICOLOR)_?COLOR|CLICOLOR\w*|TERM|MPLBACKEND|MPLCONFIGDIR|PYTHONWARNINGS)$",
    re.IGNORECASE,
)
"""Variables of whoever runs the tests that a command would heed: keys, proxies, caches, widths, colours."""
for _name in list(os.environ):
    if _THEIRS.match(_name):
        del os.environ[_name]
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TERM"] = "xterm"
os.environ["TZ"] = "UTC"
os.environ["MPLBACKEND"] = "agg"
os.environ["PYTHONUTF8"] = "1"
os.environ.setdefault("GOMP_SPINCOUNT", "2000")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.umask(0o022)
time.tzset()
