#![no_main]

#[path = "../backup_spec.rs"]
#[allow(dead_code)]
mod bodies;

libfuzzer_sys::fuzz_target!(|data: &[u8]| bodies::backup_mountinfo(data));
