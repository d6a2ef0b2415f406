//! What secrets are made from: a password that is decrypted at boot is there only after the key that decrypts it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::path::AbsolutePath;

/// Files that secrets are made from, by the secret: `/run/secrets/restic` from `/persist/etc/ssh/ssh_host_ed25519_key`.
pub type Secrets = BTreeMap<AbsolutePath, Vec<AbsolutePath>>;

/// The shortest way from a secret, over what it is made from, to a file that `is_it`: the secret first, the file last.
/// Files that are made from each other end nowhere.
pub fn made_from(
    secrets: &Secrets,
    secret: &AbsolutePath,
    is_it: impl Fn(&AbsolutePath) -> bool,
) -> Option<Vec<AbsolutePath>> {
    let mut came: BTreeMap<&AbsolutePath, &AbsolutePath> = BTreeMap::new();
    let mut seen = BTreeSet::from([secret]);
    let mut waiting = VecDeque::from([secret]);
    while let Some(at) = waiting.pop_front() {
        if is_it(at) {
            let mut way = vec![at];
            while let Some(before) = way.last().and_then(|last| came.get(*last)) {
                way.push(before);
            }
            return Some(way.into_iter().rev().cloned().collect());
        }
        for source in secrets.get(at).into_iter().flatten() {
            if seen.insert(source) {
                came.insert(source, at);
                waiting.push_back(source);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_way_is_found_and_circles_end() {
        let path = |text: &str| text.parse::<AbsolutePath>().unwrap();
        let list = |texts: &[&str]| texts.iter().map(|text| path(text)).collect();
        let secrets = Secrets::from([
            (path("/run/a"), list(&["/run/b", "/run/c"])),
            (path("/run/b"), list(&["/run/a", "/run/c"])),
            (path("/run/c"), list(&["/persist/key"])),
        ]);
        let to = |end: &str| made_from(&secrets, &path("/run/a"), |at| *at == path(end));
        assert_eq!(to("/persist/key"), Some(list(&["/run/a", "/run/c", "/persist/key"])));
        assert_eq!(to("/run/a"), Some(list(&["/run/a"])));
        assert_eq!(to("/elsewhere"), None);
    }
}
