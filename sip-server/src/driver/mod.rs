//! `Server`: build, start, stop cleanly.

mod asks;
pub(crate) mod builder;
mod job;
mod message;
mod modules;
mod response;
mod runner;
pub(crate) mod worker;
