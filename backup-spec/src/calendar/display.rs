//! The normal form, which systemd prints and reads back.

use std::fmt;

use super::field::{Field, Part, SECOND};
use super::{Calendar, When};

const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

impl fmt::Display for Calendar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let When { weekdays, year, month, day, from_end, hour, minute, micro } = &self.when;
        if *weekdays != 0 {
            list_weekdays(*weekdays, f)?;
            f.write_str(" ")?;
        }
        chain(year, 4, f)?;
        f.write_str("-")?;
        chain(month, 2, f)?;
        f.write_str(if *from_end { "~" } else { "-" })?;
        chain(day, 2, f)?;
        f.write_str(" ")?;
        chain(hour, 2, f)?;
        f.write_str(":")?;
        chain(minute, 2, f)?;
        f.write_str(":")?;
        seconds(micro, f)?;
        self.zone.fmt(f)
    }
}

/// `Mon..Wed,Fri`: three days and more as a range, two as a list.
fn list_weekdays(bits: u8, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let set = |day: usize| bits >> day & 1 == 1;
    let mut comma = "";
    for (day, name) in WEEKDAYS.iter().enumerate() {
        let (before, after) = (day > 0 && set(day - 1), set(day + 1));
        let inside = before && after;
        if !set(day) || inside {
            continue;
        }
        // The last of three and more is joined to the first.
        let ends_range = before && day > 1 && set(day - 2);
        write!(f, "{}{name}", if ends_range { ".." } else { comma })?;
        comma = ",";
    }
    Ok(())
}

fn chain(field: &Field, width: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if field.is_any() {
        return f.write_str("*");
    }
    for (n, Part { start, stop, step }) in field.parts().iter().enumerate() {
        write!(f, "{}{start:0width$}", if n > 0 { "," } else { "" })?;
        if let Some(stop) = stop {
            write!(f, "..{stop:0width$}")?;
        }
        // A range counts by one.
        if *step > u32::from(stop.is_some()) {
            write!(f, "/{step}")?;
        }
    }
    Ok(())
}

fn seconds(field: &Field, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    // systemd 252 writes `*` for `0/1,0.5`, too, which is less than it elapses at.
    if field.parts() == [Part::EVERY_SECOND] {
        return f.write_str("*");
    }
    for (n, Part { start, stop, step }) in field.parts().iter().enumerate() {
        f.write_str(if n > 0 { "," } else { "" })?;
        second(*start, 2, f)?;
        if let Some(stop) = stop {
            f.write_str("..")?;
            second(*stop, 2, f)?;
        }
        if *step > 0 && (stop.is_none() || *step != SECOND) {
            f.write_str("/")?;
            second(*step, 0, f)?;
        }
    }
    Ok(())
}

fn second(micro: u32, width: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{:0width$}", micro / SECOND)?;
    match micro % SECOND {
        0 => Ok(()),
        fraction => write!(f, ".{fraction:06}"),
    }
}
