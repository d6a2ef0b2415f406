//! Persistence on roots that are thrown away at boot: which path survives and why, and the mounts that make it so.
