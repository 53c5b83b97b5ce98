//! The rules of the house, checked over the tree: what a compiler cannot see and a reviewer forgets.
//!
//! Each rule is a function from files to violations with its reason, and has two tests: over the tree, where it must
//! have looked at something, and over a piece that breaks it. A rule that stands in the way is changed here, in the
//! commit that needs it, with the reason in `doc/decisions/`.

#[path = "house_rules/imports.rs"]
mod imports;
#[path = "house_rules/kernel.rs"]
mod kernel;
#[path = "house_rules/layout.rs"]
mod layout;
#[path = "house_rules/source.rs"]
mod source;
#[path = "house_rules/tree.rs"]
mod tree;
#[path = "house_rules/words.rs"]
mod words;
