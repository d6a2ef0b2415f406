//! What a property's row says, and how a row is written.

use super::words;
use crate::kind::Kinds;
use crate::property::{Feature, Mutability, Notation, Range, Stored, ValueType, Word};
use crate::release::Release;

/// What the word `none` means for a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unlimited {
    /// Zero.
    Zero,
    /// Zero, which cannot be written in any other way.
    OnlyWord,
    /// The greatest number, which is shown as `none`.
    Greatest,
}

/// What a property is where nobody has set it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Unset {
    Nothing,
    Number(u64),
    Text(&'static str),
    Word(&'static str),
}

/// The numbers, both ends included, that need a pool feature.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NeededWithin {
    pub(crate) feature: Feature,
    pub(crate) least: u64,
    pub(crate) greatest: u64,
}

/// Something that held at first, and what holds from later releases on.
#[derive(Debug, Clone, Copy)]
struct History<T: 'static> {
    first: T,
    changes: &'static [(Release, T)],
}

impl<T: Copy> History<T> {
    const fn always(first: T) -> Self {
        Self { first, changes: &[] }
    }

    const fn at(&self, release: Release) -> T {
        let mut held = self.first;
        let mut changes = self.changes;
        while let [(since, later), rest @ ..] = changes {
            if release.is_at_least(*since) {
                held = *later;
            }
            changes = rest;
        }
        held
    }
}

/// One property, as one of OpenZFS's tables registers it (`zprop_register_impl`,
/// `module/zcommon/zprop_common.c`).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) column: &'static str,
    pub(crate) value_type: ValueType,
    pub(crate) notation: Notation,
    pub(crate) mutability: Mutability,
    pub(crate) visible: bool,
    pub(crate) flexible: bool,
    pub(crate) since: Release,
    pub(crate) needed_within: Option<NeededWithin>,
    pub(crate) unlimited: Unlimited,
    kinds: History<Kinds>,
    values: History<&'static str>,
    default: History<Unset>,
    words: History<&'static [Word]>,
    range: History<Option<Range>>,
}

impl Row {
    /// A read-only, visible number of no dataset kind: each builder method changes one of these.
    pub(crate) const fn new(name: &'static str, column: &'static str) -> Self {
        Self {
            name,
            column,
            value_type: ValueType::Number,
            notation: Notation::Short,
            mutability: Mutability::ReadOnly,
            visible: true,
            flexible: false,
            since: Release::V2_1,
            needed_within: None,
            unlimited: Unlimited::Zero,
            kinds: History::always(Kinds::empty()),
            values: History::always(""),
            default: History::always(Unset::Number(0)),
            words: History::always(&[]),
            range: History::always(None),
        }
    }

    pub(crate) const fn bytes(mut self) -> Self {
        self.notation = Notation::Bytes;
        self
    }

    pub(crate) const fn ratio(mut self) -> Self {
        self.notation = Notation::Ratio;
        self
    }

    /// All digits are shown, so the column is as wide as it must be.
    pub(crate) const fn plain(mut self) -> Self {
        self.notation = Notation::Plain;
        self.flexible = true;
        self
    }

    pub(crate) const fn date(mut self) -> Self {
        self.notation = Notation::Date;
        self.flexible = true;
        self
    }

    pub(crate) const fn text(mut self) -> Self {
        self.value_type = ValueType::Text;
        self.flexible = true;
        self.default = History::always(Unset::Nothing);
        self
    }

    pub(crate) const fn word(mut self, words: &'static [Word]) -> Self {
        self.value_type = ValueType::Word;
        self.flexible = true;
        self.words = History::always(words);
        self
    }

    /// Off or on, as most words are.
    pub(crate) const fn switch(self) -> Self {
        self.word(words::OFF_ON).values("on | off")
    }

    pub(crate) const fn later_words(
        mut self,
        later: &'static [(Release, &'static [Word])],
    ) -> Self {
        self.words.changes = later;
        self
    }

    pub(crate) const fn settable(mut self) -> Self {
        self.mutability = Mutability::Settable;
        self
    }

    pub(crate) const fn inherited(mut self) -> Self {
        self.mutability = Mutability::Inherited;
        self
    }

    pub(crate) const fn once(mut self) -> Self {
        self.mutability = Mutability::Once;
        self
    }

    pub(crate) const fn once_default(mut self) -> Self {
        self.mutability = Mutability::OnceDefault;
        self
    }

    pub(crate) const fn on(mut self, kinds: Kinds) -> Self {
        self.kinds = History::always(kinds);
        self
    }

    pub(crate) const fn later_on(mut self, later: &'static [(Release, Kinds)]) -> Self {
        self.kinds.changes = later;
        self
    }

    /// The column header, where it is not the name in upper case.
    pub(crate) const fn column(mut self, column: &'static str) -> Self {
        self.column = column;
        self
    }

    pub(crate) const fn values(mut self, values: &'static str) -> Self {
        self.values = History::always(values);
        self
    }

    pub(crate) const fn later_values(mut self, later: &'static [(Release, &'static str)]) -> Self {
        self.values.changes = later;
        self
    }

    pub(crate) const fn default(mut self, number: u64) -> Self {
        self.default = History::always(Unset::Number(number));
        self
    }

    pub(crate) const fn default_text(mut self, text: &'static str) -> Self {
        self.default = History::always(Unset::Text(text));
        self
    }

    pub(crate) const fn default_word(mut self, word: &'static str) -> Self {
        self.default = History::always(Unset::Word(word));
        self
    }

    pub(crate) const fn later_default(mut self, later: &'static [(Release, Unset)]) -> Self {
        self.default.changes = later;
        self
    }

    pub(crate) const fn hidden(mut self) -> Self {
        self.visible = false;
        self
    }

    pub(crate) const fn since(mut self, release: Release) -> Self {
        self.since = release;
        self
    }

    pub(crate) const fn needs(mut self, feature: Feature, least: u64, greatest: u64) -> Self {
        self.needed_within = Some(NeededWithin { feature, least, greatest });
        self
    }

    pub(crate) const fn unlimited(mut self, unlimited: Unlimited) -> Self {
        self.unlimited = unlimited;
        self
    }

    pub(crate) const fn range(mut self, range: Range) -> Self {
        self.range = History::always(Some(range));
        self
    }

    pub(crate) const fn later_range(mut self, later: &'static [(Release, Option<Range>)]) -> Self {
        self.range.changes = later;
        self
    }

    pub(crate) const fn kinds_in(&self, release: Release) -> Kinds {
        self.kinds.at(release)
    }

    pub(crate) fn values_in(&self, release: Release) -> Option<&'static str> {
        Some(self.values.at(release)).filter(|values| !values.is_empty())
    }

    pub(crate) fn default_in(&self, release: Release) -> Option<Stored<&'static str>> {
        match self.default.at(release) {
            Unset::Nothing => None,
            Unset::Number(number) => Some(Stored::Number(number)),
            Unset::Text(text) => Some(Stored::Text(text)),
            Unset::Word(word) => {
                let mut words = self.words_in(release);
                words.find(|known| known.text() == word).map(|word| Stored::Number(word.number()))
            }
        }
    }

    pub(crate) const fn range_in(&self, release: Release) -> Option<Range> {
        self.range.at(release)
    }

    /// The words of `release`, in the order in which OpenZFS searches them.
    pub(crate) fn words_in(&self, release: Release) -> impl Iterator<Item = &'static Word> + use<> {
        self.words.at(release).iter().filter(move |word| word.exists_in(release))
    }

    /// Whether `text` is the name, or the column header in lower case (OpenZFS `propname_match`,
    /// `module/zcommon/zprop_common.c`).
    pub(crate) fn answers_to(&self, text: &str) -> bool {
        text == self.name
            || text.len() == self.column.len()
                && text.bytes().zip(self.column.bytes()).all(|(t, c)| t == c.to_ascii_lowercase())
    }
}
