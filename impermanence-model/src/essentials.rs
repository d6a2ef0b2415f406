//! What a host must not forget: a lint, which adds nothing by itself.

use crate::layout::Layout;
use crate::path::AbsolutePath;
use crate::problem::{Code, Problem};

/// Something that a host needs again, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Essential {
    /// Any of these is enough.
    pub paths: &'static [&'static str],
    /// For which hosts; empty for all.
    pub if_used: &'static str,
    /// What happens without.
    pub why: &'static str,
}

/// The set. Sources: the NixOS manual on state, machine-id(5), sshd(8), file-hierarchy(7), and what users of throw-away roots
/// lost first.
pub const ESSENTIALS: &[Essential] = &[
    Essential {
        paths: &["/etc/machine-id"],
        if_used: "",
        why: "a new machine id at every boot splits the journal, and changes DHCP leases and what is derived from it",
    },
    Essential {
        paths: &[
            "/etc/ssh/ssh_host_ed25519_key",
            "/etc/ssh/ssh_host_rsa_key",
            "/etc/ssh/ssh_host_ecdsa_key",
        ],
        if_used: "sshd runs",
        why: "new host keys at every boot look like an attack to everybody who connects",
    },
    Essential {
        paths: &["/var/lib/nixos"],
        if_used: "it is NixOS",
        why: "the numbers of users and groups are noted there; without, files change their owners",
    },
    Essential {
        paths: &["/var/log"],
        if_used: "",
        why: "what happened before a crash is gone with it",
    },
    Essential {
        paths: &["/var/lib/systemd"],
        if_used: "",
        why: "when timers ran last, the seed of random numbers, core dumps and the state of rfkill and backlights",
    },
    Essential { paths: &["/nix"], if_used: "it is NixOS", why: "the system itself is there" },
    Essential {
        paths: &["/boot", "/efi", "/boot/efi"],
        if_used: "it boots from a disk",
        why: "a new generation or kernel is written there",
    },
    Essential {
        paths: &["/var/lib/containers", "/var/lib/docker"],
        if_used: "it runs containers",
        why: "images and volumes are there",
    },
    Essential {
        paths: &["/etc/NetworkManager/system-connections", "/var/lib/iwd"],
        if_used: "it uses wireless networks",
        why: "the passwords of networks are there",
    },
    Essential {
        paths: &["/var/lib/bluetooth"],
        if_used: "it uses bluetooth",
        why: "pairings are there",
    },
    Essential {
        paths: &["/var/lib/private"],
        if_used: "services run as dynamic users",
        why: "their state is there, and /var/lib/NAME is a link to it (systemd.exec(5))",
    },
];

impl Layout {
    /// What of [`ESSENTIALS`] and of the homes of users does not survive; nothing for a root that is kept.
    pub fn essentials(&self) -> Vec<Problem> {
        if !self.root().is_ephemeral() {
            return Vec::new();
        }
        let mut missing: Vec<Problem> = ESSENTIALS.iter().filter_map(|e| self.lacks(e)).collect();
        for (user, home) in self.homes() {
            if !self.keeps_some_of(home)
                && AbsolutePath::new("/home").is_ok_and(|top| top.is_above(home))
            {
                let what = format!("{home} is lost: all that {user} has");
                let remedy = format!("keep it, or name what {user} keeps in users.{user}");
                missing.push(essential(what, remedy));
            }
        }
        missing
    }

    fn lacks(&self, essential_: &Essential) -> Option<Problem> {
        let kept = |path: &&&str| self.fate(**path).survives();
        if essential_.paths.iter().any(|path| kept(&path)) {
            return None;
        }
        let paths = essential_.paths.join(" or ");
        let condition = match essential_.if_used {
            "" => String::new(),
            when => format!(", if {when}"),
        };
        let what = format!("{paths} is lost: {}", essential_.why);
        Some(essential(what, format!("keep it{condition}")))
    }

    /// Whether a home, or anything in it, is kept.
    fn keeps_some_of(&self, home: &AbsolutePath) -> bool {
        let kept_below = || self.covers.below(home.as_bytes()).any(|(_, c)| c.backing.is_kept());
        self.fate_of(home.as_bytes()).survives() || kept_below()
    }
}

fn essential(what: String, remedy: String) -> Problem {
    Problem { position: None, path: String::new(), code: Code::Essential, what, remedy }
}
