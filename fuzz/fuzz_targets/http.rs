//! `sip-core/tests/targets/http.rs` under libFuzzer.

#![no_main]

#[path = "../../sip-core/tests/targets/http.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|data: &[u8]| target::run(data));
