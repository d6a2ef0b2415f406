//! Declarations that still know where they stood: TOML and JSON into one tree, and every problem at once.
