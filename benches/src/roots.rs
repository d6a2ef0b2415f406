//! A machine that binds what it keeps.

use std::fmt::Write;

/// `/proc/self/mountinfo` of `count` binds of a store's directories.
pub fn mountinfo(count: usize) -> String {
    let mut text = String::from("22 1 0:20 / / rw,relatime shared:1 - tmpfs none rw,size=4096k\n");
    text.push_str("23 22 8:1 / /persist rw,relatime shared:2 - ext4 /dev/vda rw\n");
    for n in 0..count {
        let _ = writeln!(
            text,
            "{} 22 8:1 /var/lib/service\\040{n:06} /var/lib/service\\040{n:06} rw,relatime shared:2 - ext4 /dev/vda rw",
            n + 24
        );
    }
    text
}

/// A declaration, in TOML, of `entries` entries on a root that is thrown away: services, users and nested directories.
pub fn impermanent_host(entries: usize) -> String {
    let mut text = String::from(
        "root = { kind = \"tmpfs\" }\nstores.\"/persist\" = {}\n\
         fileSystems.\"/persist\" = { device = \"/dev/vda\", fsType = \"ext4\", neededForBoot = true }\n\
         [host]\ndirectories = [\n",
    );
    let users = entries / 100;
    for n in 0..entries - users * 20 {
        let _ = match n % 5 {
            0 => writeln!(
                text,
                "{{ path = \"/var/lib/service{n:05}\", owner = \"service{n:05}\", mode = \"0750\" }},"
            ),
            1 => writeln!(text, "\"/srv/tenant{:03}/project{:02}/data{n}\",", n % 300, n % 17),
            _ => writeln!(text, "\"/var/lib/service{n:05}\","),
        };
    }
    text.push_str("]\n");
    for user in 0..users {
        let _ = writeln!(text, "[users.user{user:03}]\nuid = {}\ndirectories = [", 1000 + user);
        for n in 0..20 {
            let _ = writeln!(text, "\".config/app{n}\",");
        }
        text.push_str("]\n");
    }
    text
}
