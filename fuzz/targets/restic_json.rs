#![no_main]

#[path = "../backup_spec_retention.rs"]
#[allow(dead_code)]
mod bodies;

libfuzzer_sys::fuzz_target!(|data: &[u8]| bodies::restic_json(data));
