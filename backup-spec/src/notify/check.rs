//! Templates checked against the events they tell; what is checked renders always.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use super::{Event, Notifications, Occurrence, Priority, Template};

/// Something that would make a message empty, wrong, or never sent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "kebab-case"))]
#[non_exhaustive]
pub enum Flaw {
    /// A variable in title or body that is not declared.
    #[error("template `{template}` uses `{variable}`, which it does not declare")]
    Undeclared {
        /// The template.
        template: String,
        /// The variable.
        variable: String,
    },
    /// A declared variable that stands nowhere.
    #[error("template `{template}` declares `{variable}` and does not use it")]
    Unused {
        /// The template.
        template: String,
        /// The variable.
        variable: String,
    },
    /// A variable that the event does not provide.
    #[error("template `{template}` uses `{variable}`, which the event `{event}` does not provide")]
    Unprovided {
        /// The template.
        template: String,
        /// The variable.
        variable: String,
        /// The event.
        event: Event,
    },
    /// An event told by a template that there is not.
    #[error("the event `{event}` is told by `{template}`, which is not declared")]
    UnknownTemplate {
        /// The event.
        event: Event,
        /// The template.
        template: String,
    },
    /// An event that nothing tells.
    #[error("the event `{0}` is told by no template")]
    Untold(Event),
    /// A template that no event uses.
    #[error("template `{0}` tells no event")]
    NeverSent(String),
    /// A title that is empty or has a line break.
    #[error("the title of template `{0}` is empty or has a line break")]
    Title(String),
}

impl Flaw {
    /// What to do about it.
    pub fn remedy(&self) -> String {
        match self {
            Flaw::Undeclared { variable, .. } => format!("add `{variable}` to its variables"),
            Flaw::Unused { variable, .. } => format!("use `{variable}`, or take it out"),
            Flaw::Unprovided { event, .. } => format!("use one of {}", event.provides().join(", ")),
            Flaw::UnknownTemplate { template, .. } => format!("declare `{template}`"),
            Flaw::Untold(event) => format!("route `{event}` to a template"),
            Flaw::NeverSent(template) => format!("route an event to `{template}`, or take it out"),
            Flaw::Title(_) => "write one line".to_owned(),
        }
    }
}

/// Every flaw, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaws(Vec<Flaw>);

impl Flaws {
    /// The flaws.
    pub fn iter(&self) -> std::slice::Iter<'_, Flaw> {
        self.0.iter()
    }
}

impl<'f> IntoIterator for &'f Flaws {
    type Item = &'f Flaw;
    type IntoIter = std::slice::Iter<'f, Flaw>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Flaws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, flaw) in self.0.iter().enumerate() {
            write!(f, "{}{flaw}; {}", if n > 0 { "\n" } else { "" }, flaw.remedy())?;
        }
        Ok(())
    }
}

impl std::error::Error for Flaws {}

/// Templates in which every variable is declared, used and provided, for every event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked(Notifications);

/// What is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Message {
    /// How urgent.
    pub priority: Priority,
    /// One line.
    pub title: String,
    /// The text.
    pub body: String,
}

impl Template {
    /// The variables that stand in title and body.
    pub(super) fn used(&self) -> impl Iterator<Item = &str> {
        self.title.variables().chain(self.body.variables())
    }
}

impl Notifications {
    /// Everything that is wrong.
    pub fn flaws(&self) -> Vec<Flaw> {
        let mut flaws = BTreeSet::new();
        for (name, template) in &self.templates {
            let used: BTreeSet<&str> = template.used().collect();
            for variable in used.iter().filter(|variable| !template.variables.contains(**variable))
            {
                let variable = (*variable).to_owned();
                flaws.insert(Flaw::Undeclared { template: name.clone(), variable });
            }
            for variable in template.variables.iter().filter(|name| !used.contains(name.as_str())) {
                flaws.insert(Flaw::Unused { template: name.clone(), variable: variable.clone() });
            }
            let title = template.title.render(|_| Cow::Borrowed("x"));
            if title.trim().is_empty() || title.contains(['\n', '\r']) {
                flaws.insert(Flaw::Title(name.clone()));
            }
            if !self.routes.values().any(|template| template == name) {
                flaws.insert(Flaw::NeverSent(name.clone()));
            }
        }
        for event in Event::ALL {
            let Some(name) = self.routes.get(event) else {
                flaws.insert(Flaw::Untold(*event));
                continue;
            };
            let Some(template) = self.templates.get(name) else {
                flaws.insert(Flaw::UnknownTemplate { event: *event, template: name.clone() });
                continue;
            };
            let used = template.used().chain(template.variables.iter().map(String::as_str));
            for variable in used.filter(|variable| !event.provides().contains(variable)) {
                flaws.insert(Flaw::Unprovided {
                    template: name.clone(),
                    variable: variable.to_owned(),
                    event: *event,
                });
            }
        }
        flaws.into_iter().collect()
    }

    /// The same, ready to be rendered; or every flaw.
    pub fn check(self) -> Result<Checked, Flaws> {
        let flaws = self.flaws();
        if flaws.is_empty() { Ok(Checked(self)) } else { Err(Flaws(flaws)) }
    }
}

impl Checked {
    /// The templates.
    pub fn notifications(&self) -> &Notifications {
        &self.0
    }

    /// The message that tells an event. Values are put in as they are, but a title is kept on one line.
    pub fn render(&self, occurrence: &Occurrence) -> Message {
        let event = occurrence.event();
        let template = self.0.routes.get(&event).and_then(|name| self.0.templates.get(name));
        // Checked: every variable is provided, and every event has its template.
        let value = |variable: &str| Cow::Owned(occurrence.value(variable).unwrap_or_default());
        match template {
            Some(template) => Message {
                priority: template.priority,
                title: template.title.render(value).replace(['\r', '\n'], " "),
                body: template.body.render(value),
            },
            None => {
                Message { priority: Priority::High, title: event.to_string(), body: String::new() }
            }
        }
    }
}
