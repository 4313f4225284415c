//! `Server`: build, start, stop cleanly.

mod asks;
pub(crate) mod builder;
mod control;
mod job;
mod message;
mod response;
mod runner;
pub(crate) mod worker;
