//! `jiantong journal verify-receipt`: the part that needs no data directory. A receipt is checked from its file alone, on any machine, without a network.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use clap::Args;
use jiff::Timestamp;
use jiff::tz::Offset;
use journal::note::VerifierKey;
use journal::receipt::RECEIPT_BYTES_MAX;
use journal::{Receipt, ReceiptError, Verified};

const EXAMPLES: &str = "\
Examples:
  jiantong journal verify-receipt receipt.json
  jiantong journal verify-receipt receipt.json --key jiantong/0190f1e2-d3c4-7ab5-8a01-020304050600+bc4c9a7c+AYqI4910…
  jiantong journal verify-receipt receipt.json --key node.key.pub --json";

/// Check a receipt: that its entry stands in the journal that was signed. Needs no data directory.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct VerifyReceiptArgs {
    /// The receipt, a JSON file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The node's public key as it publishes it (name+hash+base64), or a file that holds it
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Prints what the receipt shows, or why it is refused; fails when it is refused.
pub(crate) fn verify_receipt(args: &VerifyReceiptArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let shown = args.file.display();
    let key = args.key.as_deref().map(read_key).transpose()?;
    let text = read_bounded(&args.file)?;
    let read = Receipt::from_json(&text).and_then(|receipt| Ok((receipt.verify(key.as_ref())?, receipt)));
    match read {
        Ok((verified, receipt)) if args.json => {
            let value = as_json(&verified, &receipt);
            writeln!(out, "{}", serde_json::to_string_pretty(&value)?)?;
            Ok(())
        }
        Ok((verified, receipt)) => print(&args.file, &verified, &receipt, out),
        Err(error) => {
            if args.json {
                let refused = serde_json::json!({
                    "verdict": "invalid", "code": error.code(), "message": outward(&error), "detail": error.to_string(),
                });
                writeln!(out, "{}", serde_json::to_string_pretty(&refused)?)?;
            }
            let detail = printable(&error.to_string());
            bail!("{shown}: invalid ({}): {} ({detail})", error.code(), outward(&error));
        }
    }
}

fn print(file: &Path, verified: &Verified, receipt: &Receipt, out: &mut dyn Write) -> anyhow::Result<()> {
    let entry = &verified.entry;
    if verified.pinned {
        writeln!(out, "{}: valid 有效：该条目在所指公钥签署的日志中。", file.display())?;
    } else {
        writeln!(out, "{}: consistent 内容自洽：未指定公钥，请将下列指纹与该节点公布的指纹核对。", file.display())?;
    }
    writeln!(out, "  node: {}", verified.node)?;
    writeln!(out, "  fingerprint: {}", grouped(&verified.fingerprint.to_string()))?;
    writeln!(out, "  signer: {}", receipt.signer)?;
    writeln!(out, "  entry: {} of {}, {}", entry.sequence, verified.tree_size, entry.kind)?;
    writeln!(out, "  at: {}", instant(entry.at))?;
    writeln!(out, "  entered at: {}", instant(entry.entered_at))?;
    writeln!(out, "  stream: {}, version {}", printable(&entry.stream), entry.version)?;
    writeln!(out, "  actor: {}", serde_json::to_string(&entry.actor)?)?;
    writeln!(out, "  body: {}", printable(&entry.body.to_json().to_string()))?;
    if let Some(signed_at) = verified.signed_at {
        writeln!(out, "  signed at: {}", instant(signed_at))?;
    }
    Ok(())
}

fn as_json(verified: &Verified, receipt: &Receipt) -> serde_json::Value {
    let entry = &verified.entry;
    serde_json::json!({
        "verdict": if verified.pinned { "valid" } else { "consistent" },
        "pinned": verified.pinned,
        "node": verified.node,
        "fingerprint": verified.fingerprint,
        "signer": receipt.signer.to_string(),
        "tree_size": verified.tree_size,
        "root": verified.root,
        "signed_at": verified.signed_at.map(instant),
        "entry": {
            "sequence": entry.sequence,
            "stream": entry.stream,
            "version": entry.version,
            "kind": entry.kind.as_str(),
            "at": instant(entry.at),
            "entered_at": instant(entry.entered_at),
            "actor": entry.actor,
            "body": entry.body.to_json(),
        },
    })
}

/// What the holder of a refused receipt is told, by the error's code.
fn outward(error: &ReceiptError) -> &'static str {
    match error.code() {
        "receipt-form" => "文件不是回执，或已损坏。请重新下载回执文件。",
        "receipt-format" => "回执格式较新，本程序不认识。请使用新版程序核验。",
        "receipt-entry" => "回执中的日志条目不完整或已被改动。",
        "receipt-checkpoint" => "回执中的检查点或公钥不完整或已被改动。",
        "receipt-signature" => "签名与检查点不符：内容已被改动，或不是由该公钥签署。",
        "receipt-other-signer" => "回执由另一公钥签署，不是所指定的公钥。请核对公钥来源。",
        "receipt-other-log" => "条目、检查点与公钥不属于同一节点的日志。",
        _ => "条目不在所签署的日志中：条目或证明已被改动。",
    }
}

/// A key as the argument itself, or in a file. A verifier key always has a plus sign, and is tried first.
fn read_key(argument: &str) -> anyhow::Result<VerifierKey> {
    match argument.parse() {
        Ok(key) => Ok(key),
        Err(error) => {
            let path = Path::new(argument);
            ensure!(path.is_file(), "--key: {error}, and there is no such file");
            let text = read_bounded(path)?;
            text.trim().parse().with_context(|| format!("--key: {argument}"))
        }
    }
}

/// A text file, refused beyond the size of the largest receipt.
fn read_bounded(path: &Path) -> anyhow::Result<String> {
    let shown = path.display();
    let file = File::open(path).with_context(|| format!("cannot read {shown}"))?;
    let mut text = String::new();
    let limit = RECEIPT_BYTES_MAX as u64;
    file.take(limit + 1).read_to_string(&mut text).with_context(|| format!("cannot read {shown}"))?;
    ensure!(text.len() as u64 <= limit, "{shown}: larger than {limit} bytes, not a receipt");
    Ok(text)
}

/// Beijing time, with its offset; the number itself when no calendar reaches it.
fn instant(microseconds: i64) -> String {
    match Timestamp::from_microsecond(microseconds) {
        Ok(timestamp) => timestamp.display_with_offset(Offset::constant(8)).to_string(),
        Err(_) => format!("{microseconds} µs"),
    }
}

/// A receipt comes from anyone: what a terminal would obey, or what would turn the line around, is shown as its number.
fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' | '\'' | '\\' => shown.push(character),
            other => shown.extend(other.escape_debug()),
        }
    }
    shown
}

/// Groups of four digits, to be read aloud.
fn grouped(hexadecimal: &str) -> String {
    let mut text = String::with_capacity(hexadecimal.len() * 5 / 4);
    for (position, digit) in hexadecimal.chars().enumerate() {
        if position > 0 && position % 4 == 0 {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The frozen receipt of the journal crate, signed with the seed `01` × 32.
    const RECEIPT: &str = include_str!("../../../journal/tests/data/receipt-1.json");
    const KEY: &str =
        "jiantong/0190f1e2-d3c4-7ab5-8a01-020304050600+bc4c9a7c+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c";
    /// Of the documentation of Go's `golang.org/x/mod/sumdb/note`: a key of someone else.
    const OTHER_KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

    fn check(text: &str, key: Option<&str>, json: bool) -> (String, Result<(), String>) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("receipt.json");
        std::fs::write(&file, text).unwrap();
        let mut out = Vec::new();
        let args = VerifyReceiptArgs { file, key: key.map(str::to_owned), json };
        let result = verify_receipt(&args, &mut out).map_err(|error| format!("{error:#}"));
        let hide = |text: String| text.replace(&folder.path().display().to_string(), "");
        (hide(String::from_utf8(out).unwrap()), result.map_err(hide))
    }

    #[test]
    fn says_what_a_receipt_shows() {
        let (printed, result) = check(RECEIPT, Some(KEY), false);
        assert_eq!(result, Ok(()));
        insta::assert_snapshot!(printed, @r#"
        /receipt.json: valid 有效：该条目在所指公钥签署的日志中。
          node: 0190f1e2-d3c4-7ab5-8a01-020304050600
          fingerprint: 3475 0f98 bd59 fcfc 946d a45a aabe 933b e154 a4b5 094e 1c4a bf42 8665 05f3 c97e
          signer: jiantong/0190f1e2-d3c4-7ab5-8a01-020304050600+bc4c9a7c+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c
          entry: 2 of 5, case-accepted@1
          at: 2025-12-22T18:40:00.000002+08:00
          entered at: 2025-12-22T18:40:00+08:00
          stream: case/0190f1e2-d3c4-7ab5-8a01-02030405060c, version 1
          actor: {"officer":{"account":"0190f1e2-d3c4-7ab5-8a01-020304050601","post":"0190f1e2-d3c4-7ab5-8a01-020304050602"}}
          body: {"days":20,"due_on":"2026-01-20","materials":["施工合同"]}
          signed at: 2025-12-22T18:41:00+08:00
        "#);
    }

    #[test]
    fn without_a_key_asks_to_compare_the_fingerprint() {
        let (printed, result) = check(RECEIPT, None, false);
        assert_eq!(result, Ok(()));
        insta::assert_snapshot!(printed.lines().take(3).collect::<Vec<_>>().join("\n"), @r#"
        /receipt.json: consistent 内容自洽：未指定公钥，请将下列指纹与该节点公布的指纹核对。
          node: 0190f1e2-d3c4-7ab5-8a01-020304050600
          fingerprint: 3475 0f98 bd59 fcfc 946d a45a aabe 933b e154 a4b5 094e 1c4a bf42 8665 05f3 c97e
        "#);
    }

    #[test]
    fn prints_json_for_programs() {
        let (printed, result) = check(RECEIPT, None, true);
        assert_eq!(result, Ok(()));
        insta::assert_snapshot!(printed, @r#"
        {
          "verdict": "consistent",
          "pinned": false,
          "node": "0190f1e2-d3c4-7ab5-8a01-020304050600",
          "fingerprint": "34750f98bd59fcfc946da45aaabe933be154a4b5094e1c4abf42866505f3c97e",
          "signer": "jiantong/0190f1e2-d3c4-7ab5-8a01-020304050600+bc4c9a7c+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c",
          "tree_size": 5,
          "root": "0cfd9509076cbca77f3b06f4d6df67c139b89f1be3c7c47a360a1764b5ceecc8",
          "signed_at": "2025-12-22T18:41:00+08:00",
          "entry": {
            "sequence": 2,
            "stream": "case/0190f1e2-d3c4-7ab5-8a01-02030405060c",
            "version": 1,
            "kind": "case-accepted@1",
            "at": "2025-12-22T18:40:00.000002+08:00",
            "entered_at": "2025-12-22T18:40:00+08:00",
            "actor": {
              "officer": {
                "account": "0190f1e2-d3c4-7ab5-8a01-020304050601",
                "post": "0190f1e2-d3c4-7ab5-8a01-020304050602"
              }
            },
            "body": {
              "days": 20,
              "due_on": "2026-01-20",
              "materials": [
                "施工合同"
              ]
            }
          }
        }
        "#);
        let (printed, result) = check("{}", None, true);
        assert!(result.is_err());
        assert_eq!(serde_json::from_str::<serde_json::Value>(&printed).unwrap()["code"], "receipt-form");
    }

    #[test]
    fn refuses_with_one_line_and_a_code() {
        for (text, key, code) in [
            ("not json".to_owned(), None, "receipt-form"),
            (RECEIPT.replace("\"receipt\": 1", "\"receipt\": 9"), None, "receipt-format"),
            (RECEIPT.replace("\"entry\"", "\"\\u001b[31m\\n\""), None, "receipt-form"),
            (RECEIPT.replace("\\n5\\n", "\\n6\\n"), None, "receipt-signature"),
            (RECEIPT.replace("kj3E/", "kj3F/"), None, "receipt-proof"),
            (RECEIPT.replace("qWJhdBsA", "qWJhdBsB"), None, "receipt-proof"),
            (RECEIPT.replace("qWJhdBsA", "qWJhdRsA"), None, "receipt-entry"),
            (RECEIPT.replace("bc4c9a7c+", "bc4c9a7d+"), None, "receipt-checkpoint"),
            (RECEIPT.to_owned(), Some(OTHER_KEY), "receipt-other-signer"),
        ] {
            let (printed, result) = check(&text, key, false);
            let message = result.unwrap_err();
            assert!(message.starts_with(&format!("/receipt.json: invalid ({code}): ")), "{message}");
            assert_eq!((message.lines().count(), printed.as_str()), (1, ""), "{message}");
            assert!(!message.contains('\u{1b}'), "{message}");
        }
    }

    #[test]
    fn a_key_may_lie_in_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("node.key.pub");
        std::fs::write(&path, format!("{KEY}\n")).unwrap();
        assert_eq!(check(RECEIPT, Some(path.to_str().unwrap()), false).1, Ok(()));
        let missing = check(RECEIPT, Some("no-such-key"), false).1.unwrap_err();
        assert!(missing.contains("there is no such file"), "{missing}");
    }

    #[test]
    fn a_terminal_is_not_obeyed() {
        let hostile = "施工\u{9b}31m\u{202e}\u{2066}\"合同\\\u{7f}";
        assert_eq!(printable(hostile), "施工\\u{9b}31m\\u{202e}\\u{2066}\"合同\\\\u{7f}");
    }

    #[test]
    fn refuses_files_that_are_missing_or_too_large() {
        let args = VerifyReceiptArgs { file: "no-such-file".into(), key: None, json: false };
        assert!(verify_receipt(&args, &mut Vec::new()).unwrap_err().to_string().contains("cannot read no-such-file"));
        let (_, result) = check(&" ".repeat(RECEIPT_BYTES_MAX + 1), None, false);
        assert!(result.unwrap_err().contains("larger than"));
    }
}
