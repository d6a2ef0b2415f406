//! Keys of repositories.

use declared::Entry;

use super::{PATH, Read};
use crate::repository::{Check, Compression, Forget, Repository};
use crate::spec::Code;

impl Read {
    pub(super) fn repository(&mut self, entry: &Entry<'_>) -> Option<Repository> {
        let mut table = self.reader.table(entry)?;
        let url =
            self.reader.required(&mut table, "url", "write where it is, as `restic -r` takes it");
        let url = url.and_then(|entry| {
            self.reader
                .parsed(&entry, "write a directory, or sftp:, rest:, s3: or b2: and the rest")
        });
        let password = "write the file that holds its password";
        let password = self.reader.required(&mut table, "passwordFile", password);
        let password = password.and_then(|entry| self.reader.parsed(&entry, PATH));
        let offsite = table.take("offsite").and_then(|entry| self.reader.boolean(&entry));
        let environment_file = table.take("environmentFile");
        let environment_file = environment_file.and_then(|entry| self.reader.parsed(&entry, PATH));
        let id = table.take("id").and_then(|entry| {
            self.reader.parsed(&entry, "write what `restic cat config` shows as its id")
        });
        let compression = table.take("compression");
        let compression =
            compression.and_then(|entry| self.reader.word(&entry, Compression::WORDS));
        let forget = table.take("forget").and_then(|entry| self.forget(&entry));
        let check = table.take("check").and_then(|entry| self.check(&entry));
        if let (None, Some(url)) = (offsite, &url) {
            let url: &crate::repository::Location = url;
            if url.backend().offsite().is_none() {
                let remedy = format!("`{}` can be anywhere: write true or false", url.backend());
                self.reader.missing(&table, "offsite", remedy);
            }
        }
        self.reader.finish(&table);
        let repository = Repository::new(url?, password?);
        Some(Repository {
            environment_file,
            id,
            offsite: offsite.unwrap_or(repository.offsite),
            compression: compression.unwrap_or_default(),
            forget,
            check,
            ..repository
        })
    }

    fn forget(&mut self, entry: &Entry<'_>) -> Option<Forget> {
        let mut table = self.reader.table(entry)?;
        let keep = "write what is kept, as `restic forget` takes it: \"--keep-daily 14\"";
        let keep_entry = self.reader.required(&mut table, "keep", keep);
        let keep = keep_entry.and_then(|entry| self.reader.parsed(&entry, keep));
        let group_by = table.take("groupBy").and_then(|entry| {
            self.reader.parsed(&entry, "write some of host,paths,tags between commas")
        });
        let schedule = self.schedule(&mut table, &super::Timing::default());
        self.reader.finish(&table);
        let mut forget = Forget::new(keep?, schedule?);
        forget.group_by = group_by.unwrap_or_default();
        Some(forget)
    }

    fn check(&mut self, entry: &Entry<'_>) -> Option<Check> {
        let mut table = self.reader.table(entry)?;
        let percent = table.take("readPercent").and_then(|entry| {
            let percent: u8 = self.reader.parsed(&entry, "write 0 to 100")?;
            if percent > 100 {
                let what = format!("{percent} % of the data");
                self.reader.report(&entry, Code::BadValue, what, "write 0 to 100");
            }
            Some(percent)
        });
        let schedule = self.schedule(&mut table, &super::Timing::default());
        self.reader.finish(&table);
        Some(Check::new(percent.unwrap_or(0), schedule?))
    }
}
