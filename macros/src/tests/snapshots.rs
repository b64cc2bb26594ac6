//! Expansions as a person reads them, in `macros/tests-data`. `UPDATE_EXPANSIONS=1` writes them anew.

use super::source::expand_all;
use std::fs;
use std::path::Path;

#[test]
fn expansions_are_what_they_were() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests-data");
    let mut inputs: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().ends_with(".in.rs"))
        .collect();
    inputs.sort();
    assert!(inputs.len() >= 10, "only {} inputs in {}", inputs.len(), folder.display());
    let mut changed = Vec::new();
    for input in inputs {
        let source = fs::read_to_string(&input).unwrap();
        let output = expand_all(&source).into_iter().map(|expansion| expansion.output).collect();
        let file: syn::File = syn::parse2(output).unwrap_or_else(|e| panic!("{}: {e}", input.display()));
        let text = prettyplease::unparse(&file);
        let expected = input.to_string_lossy().replace(".in.rs", ".out.rs");
        if std::env::var_os("UPDATE_EXPANSIONS").is_some() {
            fs::write(&expected, &text).unwrap();
        } else if fs::read_to_string(&expected).ok().as_deref() != Some(&text) {
            changed.push(format!("{expected} should be\n{text}"));
        }
    }
    assert!(changed.is_empty(), "UPDATE_EXPANSIONS=1 accepts these changes\n{}", changed.join("\n"));
}
