//! Units of systemd: the preseed, and what makes a service wait for it.
//!
//! systemd.unit(5), systemd.service(5), systemd 252.

use std::fmt::Write;

use crate::candidates::Need;
use crate::command::Command;
use crate::preseed::Preseed;
use crate::service::Gate;

/// A unit's file name and text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Unit {
    /// Its name, for drop-ins with the folder before it.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// The preseed's unit, and one drop-in for each unit that waits for it. `run` is the program that runs the preseed.
///
/// The unit requires nothing that only one of the ways back needs: without the network, say, the others are still tried.
pub fn units(preseed: &Preseed, run: &Command) -> Vec<Unit> {
    let service = preseed.service();
    let name = format!("preseed-{}.service", escape(&service.name));
    let mut text = String::new();
    let network = preseed.chain().iter().any(|candidate| candidate.needs.contains(&Need::Network));
    let _ = writeln!(text, "[Unit]");
    let _ = writeln!(
        text,
        "Description=Data of {} is there before it starts",
        specifiers(&service.name)
    );
    let _ = writeln!(
        text,
        "After=zfs-import.target zfs-mount.service{}",
        if network { " network-online.target" } else { "" }
    );
    let _ = writeln!(
        text,
        "Wants=zfs-mount.service{}",
        if network { " network-online.target" } else { "" }
    );
    let _ = writeln!(text, "Before={}", service.units.join(" "));
    let _ = writeln!(text, "\n[Service]\nType=oneshot\nRemainAfterExit=yes");
    let _ = writeln!(text, "TimeoutStartSec={}", preseed.budget().unit);
    // Whatever it started is ended with it.
    let _ = writeln!(text, "KillMode=control-group");
    let _ = writeln!(text, "ExecStart={}", exec_line(run));
    let _ = writeln!(text, "\n[Install]\nWantedBy=multi-user.target");
    let mut units = vec![Unit { name: name.clone(), text }];
    let gate = match service.gate {
        Gate::Required => "Requires",
        Gate::Wanted => "Wants",
    };
    units.extend(service.units.iter().map(|unit| Unit {
        name: format!("{unit}.d/preseed.conf"),
        text: format!("[Unit]\n{gate}={name}\nAfter={name}\n"),
    }));
    units
}

/// A name as part of a unit's name (`systemd-escape`): injective, so that no two services share a unit.
pub fn escape(name: &str) -> String {
    let mut escaped = String::with_capacity(name.len());
    for (n, byte) in name.bytes().enumerate() {
        match byte {
            b'/' => escaped.push('-'),
            b'.' if n == 0 => escaped.push_str("\\x2e"),
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b':' | b'_' | b'.' => {
                escaped.push(char::from(byte));
            }
            byte => {
                let _ = write!(escaped, "\\x{byte:02x}");
            }
        }
    }
    escaped
}

/// `%` starts a specifier.
fn specifiers(text: &str) -> String {
    text.replace('%', "%%").replace(['\n', '\r'], " ")
}

/// A command line: words in double quotes, with `\`, `"`, `%` and `$` written so that they stay.
fn exec_line(command: &Command) -> String {
    let words = command.argv().iter().map(|word| {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"_-+=.,:/@".contains(&b);
        if !word.is_empty() && word.bytes().all(plain) {
            return word.clone();
        }
        let mut quoted = String::from("\"");
        for c in word.chars() {
            match c {
                '\\' | '"' => quoted.extend(['\\', c]),
                '%' => quoted.push_str("%%"),
                '$' => quoted.push_str("$$"),
                c if c.is_ascii_control() => {
                    let _ = write!(quoted, "\\x{:02x}", u32::from(c));
                }
                c => quoted.push(c),
            }
        }
        quoted.push('"');
        quoted
    });
    words.collect::<Vec<_>>().join(" ")
}
