//! Numbers: what holds for all of them, printed and read.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use proptest::prelude::*;
use zfs_props::nice::{interval, nicebytes, nicenum, niceraw, nicetime};
use zfs_props::number::{NumberFault, parse};

/// Numbers of every magnitude, those next to a unit's multiples as often as others.
fn number() -> impl Strategy<Value = u64> {
    let any = (any::<u64>(), 0_u32..64).prop_map(|(number, shift)| number >> shift);
    let near = (1_u64..2048, 0_u32..7, -2_i64..=2).prop_map(|(count, power, off)| {
        count.saturating_mul(1024_u64.pow(power)).saturating_add_signed(off)
    });
    prop_oneof![any, near]
}

fn prints(number: u64, text: &str) -> bool {
    nicenum(number).to_string() == text || nicebytes(number).to_string() == text
}

proptest! {
    #[test]
    fn an_interval_is_exactly_what_prints_so(number in number()) {
        for text in [nicenum(number).to_string(), nicebytes(number).to_string()] {
            let shown = interval(&text).unwrap();
            prop_assert!(shown.contains(number));
            prop_assert!(prints(shown.low(), &text) && prints(shown.high(), &text));
            prop_assert!(shown.low().checked_sub(1).is_none_or(|below| !prints(below, &text)));
            prop_assert!(shown.high().checked_add(1).is_none_or(|above| !prints(above, &text)));
            if let Some(hole) = shown.hole() {
                prop_assert!(!prints(hole, &text) && !shown.contains(hole));
                prop_assert!(prints(hole - 1, &text) && prints(hole + 1, &text));
            }
        }
    }

    #[test]
    fn an_interval_is_never_of_a_text_not_printed(text in "[0-9]{1,4}(\\.[0-9]{1,2})?[BKMGTPE]?") {
        if let Some(shown) = interval(&text) {
            prop_assert!(prints(shown.low(), &text) && prints(shown.high(), &text));
        }
    }

    #[test]
    fn digits_are_exact(number in number()) {
        prop_assert_eq!(parse(&niceraw(number).to_string()), Ok(number));
    }

    #[test]
    fn a_unit_is_a_power_of_1024(count in 0_u64..1 << 20, power in 0_usize..7, tail in 0_usize..3) {
        let unit = ["", "K", "M", "G", "T", "P", "E"][power];
        let tail = if power == 0 { "" } else { ["", "B", "iB"][tail] };
        let expected = u128::from(count) << (10 * power);
        let read = parse(&format!("{count}{}{tail}", unit.to_lowercase()));
        if let Ok(expected) = u64::try_from(expected) {
            prop_assert_eq!(read, Ok(expected));
        } else {
            prop_assert_eq!(read.unwrap_err().fault(), NumberFault::TooLarge);
        }
    }

    /// What is printed can be set again, to a number close by: half of the last of three digits, and what reading drops.
    #[test]
    fn a_printed_number_is_read_near_itself(number in number()) {
        match parse(&nicenum(number).to_string()) {
            Ok(read) => prop_assert!(read.abs_diff(number) <= number / 200 + 1, "{} {}", read, number),
            Err(refused) => {
                prop_assert_eq!(refused.fault(), NumberFault::TooLarge);
                prop_assert_eq!(nicenum(number).to_string(), "16.0E");
            }
        }
    }

    #[test]
    fn any_text_has_a_verdict(text in prop_oneof![any::<String>(), "[0-9.eE+iKMGTPEZB x-]{0,12}"]) {
        if let Err(refused) = parse(&text) {
            prop_assert!(refused.position() <= text.len());
        }
        let _ = interval(&text);
    }

    #[test]
    fn times_fit_in_five_characters(nanoseconds in 0_u64..1_000_000_000_000) {
        prop_assert!(nicetime(nanoseconds).to_string().len() <= 5);
    }
}
