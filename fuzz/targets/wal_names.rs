#![no_main]

#[path = "../restore_chain.rs"]
#[allow(dead_code)]
mod bodies;

libfuzzer_sys::fuzz_target!(|data: &[u8]| bodies::wal_names(data));
