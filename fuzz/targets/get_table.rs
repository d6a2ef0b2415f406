#![no_main]

#[path = "../zfs_props.rs"]
#[allow(dead_code)]
mod bodies;

libfuzzer_sys::fuzz_target!(|data: &[u8]| bodies::get_table(data));
