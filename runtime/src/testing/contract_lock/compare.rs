//! What changed between a locked contract and the one in the code, and which version each change needs.

use super::form::{Locked, LockedArg, LockedMethod};
use crate::version::Version;

/// Which part of the version a change has to raise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Bump {
    None,
    Minor,
    Major,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) what: String,
    pub(super) bump: Bump,
}

impl Bump {
    /// What the versions of the two contracts already say.
    pub(super) fn between(locked: &Locked, current: &Locked) -> Self {
        match (locked.version.parse::<Version>(), current.version.parse::<Version>()) {
            (Ok(old), Ok(new)) if new.major > old.major => Self::Major,
            (Ok(old), Ok(new)) if new > old => Self::Minor,
            _ => Self::None,
        }
    }

    /// The lowest version that has this bump after the locked one.
    pub(super) fn after(self, locked: &Locked) -> Option<Version> {
        let old: Version = locked.version.parse().ok()?;
        match self {
            Self::None => None,
            Self::Minor => Some(Version::new(old.major, old.minor + 1)),
            Self::Major => Some(Version::new(old.major + 1, 0)),
        }
    }
}

pub(super) fn compare(old: &Locked, new: &Locked) -> Vec<Change> {
    let mut changes = Changes::default();
    changes.if_differs(Bump::None, "name", &old.name, &new.name);
    changes.if_differs(Bump::None, "version", &old.version, &new.version);
    let (was, is) = (shown(old.namespace.as_deref()), shown(new.namespace.as_deref()));
    changes.if_differs(Bump::Major, "namespace", &was, &is);
    for gone in old.legacy_namespaces.iter().filter(|name| !new.legacy_namespaces.contains(name)) {
        changes.add(Bump::Major, format!("legacy namespace {} removed", shown(gone.as_deref())));
    }
    for added in new.legacy_namespaces.iter().filter(|name| !old.legacy_namespaces.contains(name)) {
        changes.add(Bump::Minor, format!("legacy namespace {} added", shown(added.as_deref())));
    }
    for method in &old.methods {
        match new.methods.iter().find(|candidate| candidate.name == method.name) {
            Some(now) => changes.method(method, now),
            None => changes.add(Bump::Major, format!("method `{}` removed", method.name)),
        }
    }
    for method in new.methods.iter().filter(|m| old.methods.iter().all(|known| known.name != m.name)) {
        changes.add(Bump::Minor, format!("method `{}` added", method.name));
    }
    changes.list
}

fn shown(namespace: Option<&str>) -> String {
    namespace.map_or_else(|| "none".to_owned(), |name| format!("`{name}`"))
}

#[derive(Default)]
struct Changes {
    list: Vec<Change>,
}

impl Changes {
    fn add(&mut self, bump: Bump, what: String) {
        self.list.push(Change { what, bump });
    }

    fn if_differs(&mut self, bump: Bump, what: &str, old: &str, new: &str) {
        if old != new {
            self.add(bump, format!("{what} changed from {old} to {new}"));
        }
    }

    fn method(&mut self, old: &LockedMethod, new: &LockedMethod) {
        let name = &new.name;
        self.if_differs(Bump::Major, &format!("kind of method `{name}`"), &old.kind, &new.kind);
        self.if_differs(Bump::Major, &format!("return type of method `{name}`"), &old.returns, &new.returns);
        self.if_differs(Bump::Minor, &format!("`since` of method `{name}`"), &old.since, &new.since);
        let (was, is) = (old.fanout.to_string(), new.fanout.to_string());
        self.if_differs(Bump::Minor, &format!("fanout of method `{name}`"), &was, &is);
        for gone in old.aliases.iter().filter(|alias| !new.aliases.contains(alias)) {
            self.add(Bump::Major, format!("alias `{gone}` of method `{name}` removed"));
        }
        for added in new.aliases.iter().filter(|alias| !old.aliases.contains(alias)) {
            self.add(Bump::Minor, format!("alias `{added}` of method `{name}` added"));
        }
        for arg in &old.args {
            match new.args.iter().find(|candidate| candidate.name == arg.name) {
                Some(now) => self.arg(name, arg, now),
                None => self.add(Bump::Major, format!("argument `{}` of method `{name}` removed", arg.name)),
            }
        }
        for arg in new.args.iter().filter(|a| old.args.iter().all(|known| known.name != a.name)) {
            let (bump, kind) =
                if arg.optional { (Bump::Minor, "optional") } else { (Bump::Major, "required") };
            self.add(bump, format!("{kind} argument `{}` of method `{name}` added", arg.name));
        }
    }

    fn arg(&mut self, method: &str, old: &LockedArg, new: &LockedArg) {
        let of = format!("argument `{}` of method `{method}`", new.name);
        self.if_differs(Bump::Major, &format!("type of {of}"), &old.ty, &new.ty);
        if old.optional && !new.optional {
            self.add(Bump::Major, format!("{of} is required now"));
        }
        if !old.optional && new.optional {
            self.add(Bump::Minor, format!("{of} is optional now"));
        }
        if old.flatten != new.flatten {
            self.add(Bump::Major, format!("flattening of {of} changed"));
        }
        let shown = |since: &Option<String>| since.clone().unwrap_or_else(|| "none".to_owned());
        self.if_differs(Bump::Minor, &format!("`since` of {of}"), &shown(&old.since), &shown(&new.since));
    }
}
