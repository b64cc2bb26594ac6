//! `growth.md`, written after each of its parts: an interrupted run keeps what it has measured.

use std::collections::VecDeque;
use std::fs;
use std::path::PathBuf;

use crate::error::Result;

pub(super) struct Part {
    pub(super) title: &'static str,
    pub(super) note: &'static str,
}

pub(super) struct Page {
    path: PathBuf,
    text: String,
    missing: VecDeque<Part>,
    failed: bool,
}

impl Page {
    /// A page that begins with `text` and is to have these parts.
    pub(super) fn new(path: PathBuf, text: String, parts: impl Into<VecDeque<Part>>) -> Self {
        Self { path, text, missing: parts.into(), failed: false }
    }

    /// Writes the page with the table of the next part, or with why there is none.
    pub(super) fn add(&mut self, table: Result<String>) -> Result<()> {
        let Some(Part { title, note }) = self.missing.pop_front() else { return Ok(()) };
        self.failed |= table.is_err();
        let table = table.unwrap_or_else(|error| {
            eprintln!("{title}: FAILED: {error}");
            format!("No result: {error}\n")
        });
        self.text.push_str(&format!("\n## {title}\n\n{table}"));
        if !note.is_empty() {
            self.text.push_str(&format!("\n{note}\n"));
        }
        fs::write(&self.path, self.text.clone() + &self.rest())?;
        eprintln!("written: {}, {} parts are missing", self.path.display(), self.missing.len());
        Ok(())
    }

    pub(super) fn is_sound(&self) -> bool {
        self.missing.is_empty() && !self.failed
    }

    fn rest(&self) -> String {
        if self.missing.is_empty() {
            return String::new();
        }
        let titles: Vec<String> = self.missing.iter().map(|part| format!("- {}\n", part.title)).collect();
        format!("\n## Not measured\n\nThe run has not come to these parts:\n\n{}", titles.concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[test]
    fn the_page_has_what_was_measured_and_names_what_is_missing_or_failed() {
        let path = std::env::temp_dir().join(format!("bench-growth-{}.md", std::process::id()));
        let parts = ["One", "Two", "Three"].map(|title| Part { title, note: "Of use." });
        let mut page = Page::new(path.clone(), "# Growth\n".to_owned(), parts);
        let read = || fs::read_to_string(&path).unwrap();

        page.add(Ok("| 1 |\n".to_owned())).unwrap();
        assert!(read().starts_with("# Growth\n\n## One\n\n| 1 |\n\nOf use.\n"));
        assert!(read().ends_with("these parts:\n\n- Two\n- Three\n") && !page.is_sound());
        page.add(Err(Error::Peer("no broker".to_owned()))).unwrap();
        page.add(Ok("| 3 |\n".to_owned())).unwrap();
        assert!(read().contains("## Two\n\nNo result: no broker\n") && read().contains("| 3 |"));
        assert!(!read().contains("Not measured") && !page.is_sound(), "a part has failed");
        fs::remove_file(path).unwrap();
    }
}
