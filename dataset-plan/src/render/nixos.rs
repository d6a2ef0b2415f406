//! A plan as text for `system.activationScripts` of NixOS.

use std::fmt;

use super::unattended;
use crate::command::quoted;
use crate::plan::Plan;

/// A plan as the `text` of a NixOS activation script.
///
/// It behaves as [`Unattended`](super::unattended::Unattended), in a subshell: whatever fails in it is
/// reported by the activation and never ends it, so that a missing parent or pool cannot keep a machine from
/// booting. In a dry activation (`supportsDryActivation = true`) it prints what it would run, if all of it went well.
///
/// At boot, activation comes before every pool that the initial ramdisk does not import: for those,
/// [`Plan::unit`] is the right place, and this one says that the pool is not there.
///
/// ```nix
/// system.activationScripts.datasets = {
///   deps = [ "users" "groups" ];
///   supportsDryActivation = true;
///   text = builtins.readFile ./datasets.sh;
/// };
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Activation<'p> {
    plan: &'p Plan,
    programs: Option<&'p str>,
}

impl Activation<'_> {
    /// The activation scripts that have to run before: directories are given to users, who must exist.
    pub const DEPS: [&'static str; 2] = ["users", "groups"];
}

impl Plan {
    /// The plan as the text of a NixOS activation script.
    pub fn activation(&self) -> Activation<'_> {
        Activation { plan: self, programs: None }
    }
}

impl<'p> Activation<'p> {
    /// The folder where `zfs` is, which is not in the search path of activation: `${pkgs.zfs}/bin`.
    #[must_use]
    pub fn programs(self, folder: &'p str) -> Self {
        Self { programs: Some(folder), ..self }
    }
}

impl fmt::Display for Activation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "(\nset +e -u")?;
        if let Some(folder) = self.programs {
            writeln!(f, "PATH={}:$PATH", quoted(folder))?;
        }
        f.write_str(
            r#"dry='' early=''
case ${NIXOS_ACTION-} in
dry-activate) dry=1 ;;
'') early=1 ;;
esac
run() {
    case ${NIXOS_ACTION-} in
    dry-activate) printf 'would run:'; printf " '%s'" "$@"; echo ;;
    *) "$@" </dev/null ;;
    esac
}
"#,
        )?;
        unattended::body(f, self.plan)?;
        writeln!(f, ")")
    }
}
