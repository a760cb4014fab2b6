"""How fast eva is, each figure beside another one that was taken in the same run: `python -m benchmarks`.

One file a topic (`overhead`, `sharing`, `crowd`, `words`, `peers`, `gpu`, `start`), each with a function
`rows`; `harness` holds what they share.
"""
