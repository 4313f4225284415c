//! `Server`: build, start, stop cleanly.

mod asks;
pub(crate) mod builder;
mod control;
mod desk;
mod intake;
mod job;
mod message;
mod modules;
mod response;
mod runner;
mod storage;
pub(crate) mod task_worker;
pub(crate) mod worker;
