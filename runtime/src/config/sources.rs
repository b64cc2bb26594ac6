//! Where options are looked up: the environment, then the files, the last one first. Knows no option's meaning.

use super::ConfigError;
use super::file::{self, Assignment};
use crate::transport::OptionOrigin;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Everything that was set, in the order of its precedence.
#[derive(Default)]
pub(super) struct Sources {
    /// `OS_<GROUP>__<OPTION>`.
    pub(super) environment: BTreeMap<String, String>,
    /// The last one wins.
    pub(super) files: Vec<File>,
}

pub(super) struct File {
    pub(super) path: Arc<Path>,
    pub(super) assignments: Vec<Assignment>,
}

impl File {
    pub(super) fn origin(&self, assignment: &Assignment) -> OptionOrigin {
        OptionOrigin::File { path: Arc::clone(&self.path), line: assignment.line }
    }
}

/// An option's text as it was set.
pub(super) struct Found<'a> {
    pub(super) text: &'a str,
    pub(super) origin: OptionOrigin,
}

impl Sources {
    pub(super) fn read_file(&mut self, path: &Path) -> Result<(), ConfigError> {
        let unreadable = |cause: String| ConfigError::Unreadable { path: path.into(), cause };
        let bytes = std::fs::read(path).map_err(|error| unreadable(error.to_string()))?;
        let text = String::from_utf8(bytes).map_err(|error| {
            let good = error.utf8_error().valid_up_to();
            let line = 1 + error.as_bytes().iter().take(good).filter(|byte| **byte == b'\n').count();
            unreadable(format!("line {line} is not UTF-8"))
        })?;
        let path: Arc<Path> = path.into();
        match file::parse(&text) {
            Ok(assignments) => self.files.push(File { path, assignments }),
            Err(error) => {
                return Err(ConfigError::Syntax { path, line: error.line, problem: error.problem });
            }
        }
        Ok(())
    }

    /// Reads the files of a directory that end in `.conf`, by name.
    pub(super) fn read_dir(&mut self, path: &Path) -> Result<(), ConfigError> {
        let unreadable =
            |error: std::io::Error| ConfigError::Unreadable { path: path.into(), cause: error.to_string() };
        let mut files = Vec::new();
        for entry in std::fs::read_dir(path).map_err(unreadable)? {
            let file = entry.map_err(unreadable)?.path();
            let hidden = file.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
            if !hidden && file.extension().is_some_and(|extension| extension == "conf") {
                files.push(file);
            }
        }
        files.sort();
        files.iter().try_for_each(|file| self.read_file(file))
    }

    /// Every value of an option that may be set several times, in oslo.config's order: that of the files and in a file of
    /// its lines, those under older names first. The environment stands for all of them.
    pub(super) fn find_all(&self, names: &[(&str, &str)]) -> Vec<Found<'_>> {
        let variable = names.first().map(|(group, name)| variable(group, name));
        if let Some((name, text)) = variable.and_then(|name| self.environment.get_key_value(&name)) {
            return vec![Found { text, origin: OptionOrigin::Environment(name.clone()) }];
        }
        let mut found = Vec::new();
        for file in &self.files {
            for (group, name) in names.iter().rev() {
                let same = |a: &&Assignment| a.group == *group && a.key == *name;
                let assignments = file.assignments.iter().filter(same);
                found.extend(assignments.map(|a| Found { text: &a.value, origin: file.origin(a) }));
            }
        }
        found
    }

    /// The value of an option that has one of these `(group, name)`s, the present one first. As in oslo.config, only
    /// the present name is looked up in the environment, and a later file's old name beats an earlier one's new name.
    pub(super) fn find(&self, names: &[(&str, &str)]) -> Option<Found<'_>> {
        let variable = names.first().map(|(group, name)| variable(group, name));
        if let Some((name, text)) = variable.and_then(|name| self.environment.get_key_value(&name)) {
            return Some(Found { text, origin: OptionOrigin::Environment(name.clone()) });
        }
        self.files.iter().rev().find_map(|file| {
            names.iter().find_map(|(group, name)| {
                let same = |a: &&Assignment| a.group == *group && a.key == *name;
                let assignment = file.assignments.iter().rev().find(same)?;
                Some(Found { text: &assignment.value, origin: file.origin(assignment) })
            })
        })
    }
}

/// The environment variable of an option.
pub(super) fn variable(group: &str, name: &str) -> String {
    format!("OS_{}__{}", group.to_ascii_uppercase(), name.to_ascii_uppercase())
}
