#![no_main]

#[path = "../impermanence_model.rs"]
#[allow(dead_code)]
mod bodies;

libfuzzer_sys::fuzz_target!(|data: &[u8]| bodies::mountinfo(data));
