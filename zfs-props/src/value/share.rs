//! The options of NFS shares, as OpenZFS checks them on Linux (`lib/libshare/os/linux/nfs.c`).

use crate::release::Release;

/// Options that may have a value after `=`, which nobody looks at: of `exports(5)`, and in the last
/// line those that OpenZFS translates.
const OPTIONS: &str = "all_squash anongid anonuid async auth_nlm crossmnt fsid fsuid hide insecure \
    insecure_locks mountpoint mp no_acl no_all_squash no_auth_nlm no_root_squash no_subtree_check \
    no_wdelay nohide refer replicas root_squash secure secure_locks subtree_check sync wdelay \
    anon nosub root_mapping sec";

/// Checks a value of `sharenfs`; the error is the first part that is refused.
pub(super) fn check_nfs(text: &str, release: Release) -> Result<(), &str> {
    if matches!(text, "on" | "off") {
        return Ok(());
    }
    if text.is_empty() && release.is_at_least(Release::V2_2) {
        return Err(text);
    }
    let broken = |c: char| matches!(c, '\u{7}' | '\u{8}' | '\u{c}' | '\n' | '\r');
    if text.contains(broken) && release.is_at_least(Release::V2_3) {
        return Err(text);
    }
    let refused = |option: &&str| {
        let (name, value) = option.split_once('=').unwrap_or((*option, ""));
        match name {
            "ro" | "rw" => release.is_at_least(Release::V2_2) && !are_hosts(value),
            _ => !OPTIONS.split(' ').any(|known| known == name),
        }
    };
    match text.split(',').filter(|option| !option.is_empty()).find(refused) {
        Some(option) => Err(option),
        None => Ok(()),
    }
}

/// Whether `text` is a list of hosts with `:` between: an address with `:` in it stands in
/// brackets, a prefix length may follow them.
fn are_hosts(text: &str) -> bool {
    let mut rest = Some(text);
    while let Some(hosts) = rest {
        rest = match hosts.strip_prefix('[') {
            None => hosts.split_once(':').map(|(_, next)| next),
            Some(literal) => match literal.split_once(']') {
                None => return false,
                Some((_, "")) => None,
                Some((_, after)) => match after.strip_prefix(':') {
                    Some(next) => Some(next),
                    None if after.starts_with('/') => after.split_once(':').map(|(_, next)| next),
                    None => return false,
                },
            },
        };
    }
    true
}
