//! Notifications: templates with declared variables, checked against what events provide, rendered without gaps.
//!
//! ```
//! use backup_spec::notify::{Event, Notifications, Priority, Template};
//!
//! let mut notifications = Notifications::seed();
//! notifications.templates.insert(
//!     "syncoid-lag-warning".to_owned(),
//!     Template {
//!         priority: Priority::High,
//!         title: "Copy behind".parse()?,
//!         body: "$${dataset} is ${dataset}, ${lagHours} h behind".parse()?,
//!         variables: ["dataset".to_owned(), "lagHours".to_owned()].into(),
//!     },
//! );
//! notifications.route(Event::ReplicationLags, "syncoid-lag-warning");
//!
//! let checked = notifications.check()?;
//! let message = checked.render(&backup_spec::notify::Occurrence::ReplicationLags {
//!     dataset: "tank/data".parse()?,
//!     lag: "13h".parse()?,
//! });
//! assert_eq!(message.body, "${dataset} is tank/data, 13 h behind");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A variable that no event provides, that is not declared, or that is declared and not used, is a [`Flaw`] at check time,
//! and so is an event that nothing tells: what nobody is to hear of has the priority `silent`. [`Checked::render`] cannot
//! fail and leaves no `${...}` of its own in a text.

mod check;
mod event;
mod priority;
mod seed;
#[cfg(feature = "proptest")]
#[cfg_attr(docsrs, doc(cfg(feature = "proptest")))]
pub mod strategy;
mod text;

use std::collections::{BTreeMap, BTreeSet};

pub use check::{Checked, Flaw, Flaws, Message};
pub use event::{Event, EventError, Occurrence, Start};
pub use priority::{PRIORITIES, Priority, PriorityError};
pub use text::{Text, TextError, TextFault};

/// A message with variables.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Template {
    /// How urgent it is.
    pub priority: Priority,
    /// Its title.
    pub title: Text,
    /// Its text.
    pub body: Text,
    /// The variables that it uses: all of them, and no others.
    pub variables: BTreeSet<String>,
}

/// Templates, and which event is told by which.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Notifications {
    /// By name.
    pub templates: BTreeMap<String, Template>,
    /// The template of each event.
    pub routes: BTreeMap<Event, String>,
}

impl Notifications {
    /// Tells an event by the template of that name.
    pub fn route(&mut self, event: Event, template: impl Into<String>) {
        self.routes.insert(event, template.into());
    }
}
