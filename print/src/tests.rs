//! Printing with the pinned fonts. They lie in `target/fonts` (`cargo xtask setup`) or where `JIANTONG_FONTS` says; where they are absent
//! these tests say so and pass, as the test command fetches them first.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::civil::{Date, date};
use serde_json::{Value, json};

use crate::{Document, FontError, Fonts, Pdf, PrintError, Printer, TEMPLATE_BYTES_MAX};

const ISSUED_ON: Date = date(2026, 11, 22);
const QR: &str = "https://zj.hebei.example/verify?n=130102202611250101&c=7F3A91C25D08E6B422A90C71F8D34E5B";

/// All templates, by the name that their sample has.
const TEMPLATES: [&str; 25] = [
    "notices/acceptance",
    "notices/closing",
    "notices/commitment",
    "notices/commitment-check",
    "notices/delivery",
    "notices/ending",
    "notices/extension",
    "notices/filing",
    "notices/filing-refusal",
    "notices/forwarding",
    "notices/grant",
    "notices/hearing",
    "notices/hearing-minutes",
    "notices/hearing-right",
    "notices/non-acceptance",
    "notices/opening",
    "notices/pause",
    "notices/receipt",
    "notices/refusal",
    "notices/statement",
    "notices/supplement",
    "notices/withdrawal",
    "results/completion-record",
    "results/construction-permit",
    "results/licence",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the workspace")
}

fn fonts_dir() -> PathBuf {
    std::env::var_os("JIANTONG_FONTS").map_or_else(|| root().join("target/fonts"), PathBuf::from)
}

fn printer() -> Option<Printer> {
    match Fonts::load(&fonts_dir()) {
        Ok(fonts) => Some(Printer::new(fonts)),
        Err(error @ FontError::Missing { .. }) => {
            eprintln!("skipped: {error}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn template(name: &str) -> String {
    read(&format!("catalog/templates/{name}.typ"))
}

fn sample(name: &str) -> Value {
    let file = name.rsplit('/').next().expect("a name");
    serde_json::from_str(&read(&format!("print/tests/data/documents/{file}.json"))).expect("a sample is JSON")
}

fn render(printer: &Printer, template: &str, data: &Value) -> Result<Pdf, PrintError> {
    let common = self::template("common");
    printer.render(&Document { template, common: &common, data, qr: QR, issued_on: ISSUED_ON })
}

fn render_sample(printer: &Printer, name: &str) -> Pdf {
    render(printer, &template(name), &sample(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The text without line breaks, so that a phrase is found wherever the line broke.
fn flat(pdf: &Pdf) -> String {
    pdf.text.replace(['\n', ' '], "")
}

fn with(mut data: Value, key: &str, value: impl Into<Value>) -> Value {
    data[key] = value.into();
    data
}

#[test]
fn each_template_prints_its_golden_bytes() {
    let Some(printer) = printer() else { return };
    let lines: String = (TEMPLATES.iter())
        .map(|name| {
            let pdf = render_sample(&printer, name);
            assert!(pdf.bytes.starts_with(b"%PDF-1.7"), "{name}");
            assert_eq!(pdf.pages, 1, "{name}: the sample fits on a page");
            format!("{} {name}\n", crate::text::hex(&pdf.sha256))
        })
        .collect();
    if std::env::var_os("JIANTONG_GOLDEN").is_some_and(|wish| wish == "write") {
        fs::write(root().join("print/tests/data/golden.txt"), &lines).expect("golden.txt can be written");
    }
    assert_eq!(
        lines,
        read("print/tests/data/golden.txt"),
        "the pages changed: look at them, then JIANTONG_GOLDEN=write"
    );
}

#[test]
fn every_template_of_the_catalog_has_a_sample() {
    let mut found: Vec<String> = Vec::new();
    for folder in ["notices", "results"] {
        for entry in fs::read_dir(root().join("catalog/templates").join(folder)).expect("a folder") {
            let name = entry.expect("an entry").file_name().into_string().expect("a name");
            found.push(format!("{folder}/{}", name.trim_end_matches(".typ")));
        }
    }
    found.sort();
    assert_eq!(found, TEMPLATES);
}

#[test]
fn every_font_in_a_pdf_is_of_the_list() {
    let Some(printer) = printer() else { return };
    let list = [
        "BabelStoneHan",
        "FandolFang-Regular",
        "FandolHei-Regular",
        "FandolKai-Regular",
        "FandolSong-Bold",
        "FandolSong-Regular",
    ];
    for name in TEMPLATES {
        let pdf = render_sample(&printer, name);
        let text = String::from_utf8_lossy(&pdf.bytes);
        // `/FontName/ABCDEF+FandolFang-Regular/Flags`: the six letters mark an embedded subset.
        let fonts: Vec<&str> = (text.split("/FontName/").skip(1))
            .filter_map(|rest| rest.split('/').next()?.split_once('+'))
            .map(|(_, font)| font)
            .collect();
        assert!(fonts.len() >= 3, "{name}: {fonts:?}");
        assert!(fonts.iter().all(|font| list.contains(font)), "{name}: {fonts:?}");
    }
}

/// Domain fact book §1.2: what each document must say. Values of the sample prove that the field is printed.
#[test]
fn each_document_carries_its_statutory_content() {
    let Some(printer) = printer() else { return };
    let remedies = ["六十日内", "石家庄市人民政府申请行政复议", "六个月内", "石家庄铁路运输法院提起行政诉讼"];
    let table: [(&str, &[&str]); 18] = [
        (
            "notices/receipt",
            &["2026年11月20日09时42分", "用地批准手续", "保证工程质量和安全的具体措施", "2026年11月27日前"],
        ),
        (
            "notices/acceptance",
            &["决定予以受理", "7个工作日，至2026年12月1日", "3个工作日，至2026年11月25日", "（印章）"],
        ),
        (
            "notices/supplement",
            &["全部内容一次告知", "工程款支付担保", "12,960.00平方米", "施工许可管理办法第四条第五项"],
        ),
        ("notices/non-acceptance", &["不属于本机关职权范围", "鹿泉区行政审批局"]),
        ("notices/pause", &["专家评审", "预计需要15日", "行政许可法》第四十五条"]),
        (
            "notices/hearing-right",
            &["2026年11月27日前（5个工作日内）", "示例花园业主委员会", "不承担本机关组织听证的费用"],
        ),
        ("notices/hearing", &["2026年12月8日09时00分", "三楼听证室", "有权申请回避", "不计算在办理期限内"]),
        ("notices/hearing-minutes", &["赵晓峰", "后退三米", "利害关系人签字"]),
        ("notices/extension", &["轨道交通控制保护区", "经本机关负责人批准", "2027年1月4日届满"]),
        ("notices/grant", &["准予行政许可", "130102202611250101", "十个工作日内"]),
        (
            "notices/refusal",
            &[
                "安全生产许可证已于2026年10月31日到期",
                "注册建造师管理规定第二十一条",
                "根据听证笔录（石审批听录〔2026〕4号）",
            ],
        ),
        ("notices/filing", &["予以备案", "建设工程质量管理条例》第四十九条", "冀备130102202611250001"]),
        ("notices/filing-refusal", &["不予备案", "未载明消防验收结论", "六十日内"]),
        ("notices/withdrawal", &["设计方案调整", "终止办理"]),
        ("notices/delivery", &["直接送达（窗口领取）", "李敏、赵晓峰", "签收"]),
        ("results/licence", &["（冀）JZ安许证字〔2026〕001234", "2029年11月21日", "𠮷田䶮"]),
        (
            "results/construction-permit",
            &[
                "130102202611250101",
                "正本",
                "河北滨城房地产开发有限公司",
                "5,316.00万元",
                "陈珺璟",
                "共547日",
                "本证自行废止",
            ],
        ),
        ("results/completion-record", &["SJZJG-2028-0612", "工程竣工验收报告", "收讫，文件齐全", "2028年6月2日"]),
    ];
    for (name, phrases) in table {
        let text = flat(&render_sample(&printer, name));
        let data = sample(name);
        // What whoever verifies has to enter stands on the paper.
        let number = data.get("number").unwrap_or(&data["case_no"]).as_str().expect("a number").replace(' ', "");
        let decision = ["notices/non-acceptance", "notices/refusal", "notices/grant"].contains(&name);
        let everywhere =
            ["（印章）", "7F3A-91C2-5D08-E6B4-22A9-0C71-F8D3-4E5B", "https://zj.hebei.example/verify", number.as_str()];
        for phrase in phrases.iter().chain(&everywhere).chain(if decision { &remedies[..] } else { &[] }) {
            assert!(text.contains(phrase), "{name} lacks {phrase}:\n{text}");
        }
    }
}

#[test]
fn a_required_field_that_is_missing_is_named() {
    let Some(printer) = printer() else { return };
    for (name, field) in [
        ("notices/refusal", "remedies"),
        ("notices/refusal", "items"),
        ("notices/non-acceptance", "reason"),
        ("notices/non-acceptance", "remedies"),
        ("notices/acceptance", "date_text"),
        ("notices/acceptance", "due_text"),
        ("notices/extension", "approver"),
        ("notices/supplement", "items"),
        ("notices/grant", "code"),
        ("results/construction-permit", "number"),
    ] {
        let mut data = sample(name);
        data.as_object_mut().expect("an object").remove(field);
        let error = render(&printer, &template(name), &data).expect_err(name).to_string();
        assert!(error.contains(field) && error.contains(".typ:"), "{name} without {field}: {error}");
    }
}

#[test]
fn a_deemed_acceptance_says_so() {
    let Some(printer) = printer() else { return };
    let data = with(sample("notices/acceptance"), "deemed_on_text", "2026年11月20日");
    let text = flat(&render(&printer, &template("notices/acceptance"), &data).expect("it prints"));
    assert!(text.contains("自收到申请材料之日即2026年11月20日起视为受理"), "{text}");
}

#[test]
fn same_bytes_twice_and_on_every_thread() {
    let Some(printer) = printer() else { return };
    let expected: BTreeMap<&str, [u8; 32]> =
        TEMPLATES.iter().map(|name| (*name, render_sample(&printer, name).sha256)).collect();
    std::thread::scope(|scope| {
        for start in 0..3 {
            let (printer, expected) = (&printer, &expected);
            scope.spawn(move || {
                for step in 0..TEMPLATES.len() {
                    let name = TEMPLATES[(start * 5 + step) % TEMPLATES.len()];
                    assert_eq!(render_sample(printer, name).sha256, expected[name], "{name}");
                }
            });
        }
    });
    let other = Printer::new(Fonts::load(&fonts_dir()).expect("the fonts are there"));
    assert_eq!(render_sample(&other, "notices/grant").sha256, expected["notices/grant"]);
}

#[test]
fn the_day_of_issue_is_the_creation_date_and_no_other_time_is_in_the_file() {
    let Some(printer) = printer() else { return };
    let pdf = render_sample(&printer, "notices/pause");
    let text = String::from_utf8_lossy(&pdf.bytes);
    assert!(text.contains("D:20261122000000+08'00"), "creation date");
    assert!(
        text.contains("<pdfaid:part>2</pdfaid:part>") && text.contains("<pdfaid:conformance>B</pdfaid:conformance>")
    );
}

#[test]
fn the_fonts_cover_the_table_of_general_standard_characters() {
    let Some(printer) = printer() else { return };
    let table = read("print/tests/data/characters/tgh-2013.txt");
    assert_eq!(table.chars().count(), 8_105);
    assert_eq!(table.chars().filter(|character| u32::from(*character) > 0xFFFF).count(), 196);
    let missing: String = table.chars().filter(|character| !printer.fonts().covers(*character)).collect();
    assert_eq!(missing, "");

    // Not only a map entry: each of them is set with a glyph.
    let data = json!({ "text": table });
    let source =
        "#import \"/common.typ\": fang\n#set text(font: fang, fallback: false, size: 8pt)\n#json(\"/data.json\").text";
    let pdf = render(&printer, source, &data).expect("every character has a glyph");
    assert_eq!(flat(&pdf), table);
}

#[test]
fn rare_characters_of_names_come_from_the_list_in_every_style() {
    let Some(printer) = printer() else { return };
    let source = "#import \"/common.typ\": *\n#for font in (fang, song, hei, kai) [#text(font: font, fallback: false, data.name)]\n\
                  #text(font: song, weight: \"bold\", fallback: false, data.name)";
    let pdf = render(&printer, source, &json!({ "name": "𠮷田䶮㛃〔2026〕㎡" })).expect("it prints");
    assert_eq!(flat(&pdf), "𠮷田䶮㛃〔2026〕㎡".repeat(5));
    assert!(String::from_utf8_lossy(&pdf.bytes).contains("BabelStone"));
}

#[test]
fn characters_that_must_not_stand_on_paper_are_refused_with_their_place() {
    let Some(printer) = printer() else { return };
    for (value, message) in [
        ("王小明😀", "U+1F600 in /addressee"),
        ("王\u{E001}明", "U+E001 in /addressee"),
        ("王\u{F0000}", "U+F0000 in /addressee"),
        ("金额\u{202E}001", "U+202E in /addressee"),
        ("王\u{200B}明", "U+200B in /addressee"),
        ("王\u{0}", "U+0000 in /addressee"),
        ("王\u{FE0F}", "U+FE0F in /addressee"),
    ] {
        let data = with(sample("notices/refusal"), "addressee", value);
        let error = render(&printer, &template("notices/refusal"), &data).expect_err(value);
        assert_eq!(error.to_string(), format!("characters that cannot be printed: {message}"));
    }
    let mut data = sample("notices/refusal");
    data["items"][1]["reason"] = json!("已到期🙂");
    let error = render(&printer, &template("notices/refusal"), &data).expect_err("an emoji in a list");
    assert!(error.to_string().ends_with("U+1F642 in /items/1/reason"), "{error}");
}

#[test]
fn a_character_without_a_glyph_is_refused_by_name() {
    let Some(printer) = printer() else { return };
    // U+13000 is an Egyptian hieroglyph: assigned, in no font of the list.
    let data = with(sample("notices/pause"), "addressee", "甲\u{13000}");
    let error = render(&printer, &template("notices/pause"), &data).expect_err("no glyph");
    assert!(matches!(error, PrintError::Unprintable { .. }), "{error}");
    assert!(error.to_string().contains("U+13000) in page 1"), "{error}");
}

#[test]
fn a_font_outside_the_list_is_refused() {
    let Some(printer) = printer() else { return };
    let error = render(&printer, "#set text(font: \"Noto Sans\")\n字", &json!({})).expect_err("unknown family");
    assert!(error.to_string().contains("main.typ:1") && error.to_string().contains("noto sans"), "{error}");
    // The short name of FandolFang R is the classic mistake: elsewhere the page silently comes out in another font.
    let source = "#set text(font: (\"FandolFang\", \"FandolKai\"))\n字";
    let error = render(&printer, source, &json!({})).expect_err("unknown family");
    assert!(error.to_string().contains("fandolfang"), "{error}");
}

#[test]
fn a_template_that_names_no_font_is_set_in_those_of_the_list() {
    let Some(printer) = printer() else { return };
    let pdf = render(&printer, "无字体㛃 123", &json!({})).expect("it prints");
    assert_eq!(flat(&pdf), "无字体㛃123");
    let text = String::from_utf8_lossy(&pdf.bytes);
    assert!(text.contains("FandolFang-Regular") && text.contains("BabelStoneHan"));
}

#[test]
fn markup_in_values_stays_text() {
    let Some(printer) = printer() else { return };
    let hostile = "#read(\"/etc/passwd\") *粗* $x^2$ [#panic()] \\u{41} // 注 @ref <标签> ``` = 标题";
    for name in ["notices/refusal", "notices/delivery", "results/construction-permit", "results/licence"] {
        let mut data = with(sample(name), "addressee", hostile);
        for key in ["developer", "holder", "note", "project"] {
            data[key] = json!(hostile);
        }
        let pdf = render(&printer, &template(name), &data).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(flat(&pdf).contains(&hostile.replace(' ', "")), "{name}:\n{}", pdf.text);
    }
}

#[test]
fn a_name_of_ten_thousand_characters_takes_pages_and_loses_nothing() {
    let Some(printer) = printer() else { return };
    for long in ["长".repeat(10_000), "A".repeat(10_000)] {
        for name in ["notices/refusal", "notices/delivery", "results/construction-permit", "results/licence"] {
            let key = if name == "results/licence" {
                "holder"
            } else if name.starts_with("results") {
                "developer"
            } else {
                "addressee"
            };
            let data = with(sample(name), key, long.as_str());
            let pdf = render(&printer, &template(name), &data).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(pdf.pages > 1, "{name}");
            let character = long.chars().next().expect("not empty");
            assert!(flat(&pdf).chars().filter(|found| *found == character).count() >= 10_000, "{name}");
        }
    }
}

#[test]
fn a_template_reads_its_four_files_and_nothing_else() {
    let Some(printer) = printer() else { return };
    for source in [
        "#read(\"/etc/passwd\")",
        "#read(\"../../etc/passwd\")",
        "#include \"/other.typ\"",
        "#import \"@preview/tablex:0.0.8\": *",
        "#image(\"/logo.png\")",
        "#plugin(\"/code.wasm\")",
    ] {
        let error = render(&printer, source, &json!({})).expect_err(source);
        assert!(matches!(error, PrintError::Template { .. }), "{source}: {error}");
    }
    let source = "#import \"/common.typ\": fang\n#set text(font: fang)\n#image(\"/qr.svg\", width: 2cm)#read(\"/data.json\")#datetime.today().display()";
    let pdf = render(&printer, source, &json!({ "a": "b" })).expect("its own files");
    assert!(flat(&pdf).contains("2026-11-22"), "{}", pdf.text);
}

#[test]
fn budgets_are_kept() {
    let Some(printer) = printer() else { return };
    let empty = json!({});
    let long = " ".repeat(TEMPLATE_BYTES_MAX + 1);
    let cases: [(Document<'_>, &str); 4] = [
        (
            Document { template: &long, common: "", data: &empty, qr: QR, issued_on: ISSUED_ON },
            "the template has 262145 bytes",
        ),
        (
            Document { template: "", common: &long, data: &empty, qr: QR, issued_on: ISSUED_ON },
            "the common part has 262145 bytes",
        ),
        (
            Document {
                template: "",
                common: "",
                data: &json!({ "a": "x".repeat(1 << 20) }),
                qr: QR,
                issued_on: ISSUED_ON,
            },
            "the data has 1048584 bytes",
        ),
        (
            Document { template: "", common: "", data: &empty, qr: &"x".repeat(401), issued_on: ISSUED_ON },
            "the QR content has 401 bytes",
        ),
    ];
    for (document, message) in cases {
        let error = printer.render(&document).expect_err(message).to_string();
        assert!(error.starts_with(message), "{error}");
    }
    let error = render(&printer, "#for page in range(201) [#pagebreak()]", &empty).expect_err("too long");
    assert!(matches!(error, PrintError::TooManyPages { pages: 202 }), "{error}");
    let error = render(&printer, "#let n = 0\n#while n >= 0 { n += 1 }", &empty).expect_err("endless");
    assert!(error.to_string().contains("infinite"), "{error}");
}

#[test]
fn a_warning_and_a_colour_outside_pdf_a_are_errors() {
    let Some(printer) = printer() else { return };
    let preamble = "#import \"/common.typ\": fang\n#set text(font: fang)\n";
    for (source, part) in
        [("#set document(date: none)\n字", "date"), ("#text(fill: cmyk(0%, 80%, 80%, 0%))[字]", "CMYK")]
    {
        let error = render(&printer, &format!("{preamble}{source}"), &json!({})).expect_err(source);
        assert!(matches!(error, PrintError::Export { .. }) && error.to_string().contains(part), "{error}");
    }
    let error =
        render(&printer, &format!("{preamble}#[#set page(width: 9cm)\n] **"), &json!({})).expect_err("a warning");
    assert!(matches!(error, PrintError::Template { .. }), "{error}");
}

mod font_files {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("jiantong-print-{}-{name}", std::process::id()));
        fs::create_dir_all(&dir).expect("a folder");
        dir
    }

    #[test]
    fn missing_fonts_are_named_all_at_once_with_the_way_to_get_them() {
        let dir = folder("empty");
        let error = Fonts::load(&dir).expect_err("nothing there").to_string();
        for part in [
            "FandolFang-Regular.otf (package texlive-lang-chinese)",
            "BabelStoneHan.ttf (package fonts-babelstone-han)",
            "cargo xtask setup",
        ] {
            assert!(error.contains(part), "{error}");
        }
        fs::remove_dir_all(dir).expect("removed");
    }

    #[test]
    fn a_font_with_other_bytes_is_refused() {
        let dir = folder("changed");
        fs::write(dir.join("a.otf"), b"not a font").expect("written");
        let list = |sha256: &str| {
            format!("[[font]]\nfile = \"a.otf\"\nfamily = \"A\"\npackage = \"a\"\nsha256 = \"{sha256}\"\n")
        };
        let error = Fonts::load_list(&dir, &list(&"0".repeat(64))).expect_err("another hash");
        assert!(matches!(error, FontError::Changed { .. }), "{error}");
        // SHA-256 of the bytes above: the hash is right, the file is still no font.
        let right = crate::text::hex(&<sha2::Sha256 as sha2::Digest>::digest(b"not a font"));
        let error = Fonts::load_list(&dir, &list(&right)).expect_err("no font");
        assert!(matches!(error, FontError::WrongFamily { .. }), "{error}");
        fs::remove_dir_all(dir).expect("removed");
    }

    #[test]
    fn a_font_that_vanishes_after_the_start_is_an_error_not_another_font() {
        if printer().is_none() {
            return;
        }
        let dir = folder("lost");
        for entry in fs::read_dir(fonts_dir()).expect("the fonts") {
            let path = entry.expect("an entry").path();
            if path.is_file() {
                fs::copy(&path, dir.join(path.file_name().expect("a name"))).expect("copied");
            }
        }
        let printer = Printer::new(Fonts::load(&dir).expect("all there"));
        fs::write(dir.join("FandolFang-Regular.otf"), b"something else").expect("written");
        let error = render(&printer, &template("notices/pause"), &sample("notices/pause")).expect_err("lost");
        assert!(matches!(error, PrintError::FontLost { .. }), "{error}");
        fs::remove_dir_all(dir).expect("removed");
    }
}
