"""Which folder is which package: `harness` is `humpback`, and the other two lie inside of it.

The wheel thus puts one name into an environment. Everything else is in pyproject.toml.
"""

from setuptools import find_packages, setup

FOLDERS = {"humpback": "harness", "humpback.analysis": "analysis", "humpback.experiments": "experiments"}

setup(
    package_dir=FOLDERS,
    packages=[
        *FOLDERS,
        *(f"{package}.{inner}" for package, folder in FOLDERS.items() for inner in find_packages(folder)),
    ],
)
