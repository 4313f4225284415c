//! `sip-core/tests/targets/views.rs` under libFuzzer.

#![no_main]

#[path = "../../sip-core/tests/targets/views.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::run(data));
