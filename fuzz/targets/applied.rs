#![no_main]

#[path = "../dataset_plan.rs"]
#[allow(dead_code)]
mod bodies;

libfuzzer_sys::fuzz_target!(|data: &[u8]| bodies::applied(data));
