//! x
use std::time::Instant;
use dataset_plan::*;
fn main() {
    for n in [5000usize] {
        let (spec, text) = (benches::fleet(n), benches::zfs_get_set(n));
        let t = Instant::now();
        let observed = Observed::from_zfs_get_set(&text).unwrap();
        let read = t.elapsed();
        for _ in 0..3 {
            let t = Instant::now();
            let desired = spec.expand().unwrap();
            let expand = t.elapsed();
            let t = Instant::now();
            let p = plan_desired(&desired, &observed, &Policy::default());
            println!("{n}: text {} MB read {read:?} expand {expand:?} plan {:?} steps {} blocked {}", text.len()/1000000, t.elapsed(), p.steps().len(), p.blocked().len());
            std::mem::forget(p);
        }
    }
}
