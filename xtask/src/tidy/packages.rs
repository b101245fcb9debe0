//! Packages of the catalog: a matter that is another one under new names is no matter of its own.

use std::collections::HashMap;

use super::permits::Permits;
use super::{File, Finding, Tree};

/// The process and the rules of each matter differ from those of every other, names and words aside.
pub(super) fn twins(tree: &Tree, _: &Permits) -> Vec<Finding> {
    ["process.bpmn", "rules.dmn"].iter().flat_map(|name| twins_of(tree, name)).collect()
}

fn twins_of(tree: &Tree, name: &str) -> Vec<Finding> {
    let mut seen: HashMap<Vec<Token>, &str> = HashMap::new();
    let mut findings = Vec::new();
    for file in tree.files.iter().filter(|file| is_of_a_matter(file, name)) {
        let shape = shape(file.text.as_deref().unwrap_or_default());
        match seen.get(&shape) {
            Some(other) => findings.push(Finding::new(file, 0, format!("the same as {other} but for names"))),
            None => {
                seen.insert(shape, &file.path);
            }
        }
    }
    findings
}

fn is_of_a_matter(file: &File, name: &str) -> bool {
    file.path.starts_with("catalog/systems/")
        && file.path.contains("/matters/")
        && file.path.ends_with(&format!("/{name}"))
}

/// A piece of the text as it counts here.
#[derive(Debug, PartialEq, Eq, Hash)]
enum Token {
    /// The name of an XML element stays.
    Element(String),
    /// Any other word is the nth that the text brings.
    Word(usize),
    /// Everything that is neither word nor space.
    Sign(char),
}

/// The text without its drawing, its spaces, and what its words are called.
fn shape(text: &str) -> Vec<Token> {
    let text = text.split("BPMNDiagram").next().unwrap_or(text);
    let mut words: HashMap<&str, usize> = HashMap::new();
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let end = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
        if end > 0 {
            let (word, after) = rest.split_at(end);
            let opens = matches!(tokens.last(), Some(Token::Sign('<' | '/')));
            let next = words.len();
            tokens.push(match opens {
                true => Token::Element(word.to_owned()),
                false => Token::Word(*words.entry(word).or_insert(next)),
            });
            rest = after;
        } else {
            // Words of people, in any script, are not compared.
            if c.is_ascii() && !c.is_ascii_whitespace() {
                tokens.push(Token::Sign(c));
            }
            rest = &rest[c.len_utf8()..];
        }
    }
    tokens
}
