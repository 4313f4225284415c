//! Pseudo-variables.
