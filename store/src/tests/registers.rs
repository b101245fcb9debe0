//! Records by typed filters.

use kernel::policy::Scope;
use serde_json::json;

use super::world::{World, record};
use crate::{Fault, Field, FieldKind, Filter, Page, RecordQuery, Scalar};

fn query(filter: Option<Filter>) -> RecordQuery {
    let field = |name: &str, kind| Field { name: name.to_owned(), kind };
    RecordQuery {
        register: "enterprises".to_owned(),
        fields: vec![
            field("grade", FieldKind::Text),
            field("capital", FieldKind::Number),
            field("founded", FieldKind::Text),
        ],
        filter,
        order: None,
        descending: false,
    }
}

async fn filled(world: &World) {
    for (id, region, body) in [
        (
            "91-a",
            "130102",
            json!({"name": "石家庄第一建筑公司", "grade": "特级", "capital": "1000.50", "founded": "1998-05-01"}),
        ),
        ("91-b", "130102", json!({"name": "长安建设", "grade": "一级", "capital": "999.9", "founded": "2008-05-01"})),
        (
            "91-c",
            "130200",
            json!({"name": "唐山地产", "grade": "一级", "capital": 200, "founded": "2018-01-01", "until": "2026-01-01"}),
        ),
        ("92-d", "", json!({"name": "河北省建筑科学研究院", "capital": "5000"})),
    ] {
        world.submit(record("enterprises", id, region, body)).await.unwrap();
    }
    let fields = query(None).fields;
    // Declared twice: at each start.
    for _ in 0..2 {
        let fields = fields.clone();
        world.store.write(move |writes| writes.declare_fields("enterprises", &fields)).await.unwrap();
    }
}

async fn ids(world: &World, scope: Scope, query: RecordQuery) -> Vec<String> {
    let listed = world.store.read(move |reader| reader.records(&scope, &query, &Page::default())).await.unwrap();
    listed.rows.into_iter().map(|row| row.id).collect()
}

pub(super) async fn records_are_found_by_typed_filters(world: World) {
    filled(&world).await;
    let text = |value: &str| Scalar::Text(value.to_owned());
    let field = str::to_owned;
    let cases: Vec<(Filter, &[&str])> = vec![
        (Filter::Eq(field("grade"), text("一级")), &["91-b", "91-c"]),
        // As numbers: as text 999.9 would be the largest.
        (Filter::Range(field("capital"), Some(Scalar::Decimal("999.95".to_owned())), None), &["91-a", "92-d"]),
        (Filter::Range(field("capital"), None, Some(Scalar::Int(200))), &["91-c"]),
        (Filter::Range(field("founded"), Some(text("1998-05-01")), Some(text("2008-05-01"))), &["91-a", "91-b"]),
        (Filter::Prefix(field("id"), field("91-")), &["91-a", "91-b", "91-c"]),
        (Filter::In(field("grade"), vec![field("特级"), field("二级")]), &["91-a"]),
        (Filter::In(field("grade"), Vec::new()), &[]),
        (Filter::Text(field("建筑")), &["91-a", "92-d"]),
        (Filter::Text(field("筑")), &[]),
        (Filter::ValidOn("2026-06-01".parse().unwrap()), &["91-a", "91-b", "92-d"]),
        (
            Filter::And(vec![
                Filter::Or(vec![Filter::Eq(field("grade"), text("特级")), Filter::Eq(field("region"), text("130200"))]),
                Filter::Text(field("公司")),
            ]),
            &["91-a"],
        ),
        (Filter::Or(Vec::new()), &[]),
        (Filter::Eq(field("grade"), text("' or 1=1 --")), &[]),
    ];
    for (filter, expected) in cases {
        let shown = format!("{filter:?}");
        assert_eq!(ids(&world, Scope::everything(), query(Some(filter))).await, expected, "{shown}");
    }
    let one =
        world.store.read(|reader| reader.record(&Scope::everything(), "enterprises", "91-b")).await.unwrap().unwrap();
    assert_eq!((one.version, one.last_sequence, one.body["name"].as_str()), (1, 1, Some("长安建设")));
}

pub(super) async fn records_are_paged_in_order(world: World) {
    filled(&world).await;
    let scope = |region: &str| Scope { regions: vec![region.to_owned()], ..Scope::default() };
    assert_eq!(ids(&world, scope("1302"), query(None)).await, ["91-c", "92-d"], "its own and the whole province's");
    assert_eq!(ids(&world, Scope::default(), query(None)).await, [] as [&str; 0]);
    let target = Scope { targets: vec!["licences".to_owned()], ..scope("13") };
    assert_eq!(ids(&world, target, query(None)).await, [] as [&str; 0]);
    for (descending, expected) in [(false, ["92-d", "91-a", "91-b", "91-c"]), (true, ["91-c", "91-b", "91-a", "92-d"])]
    {
        let mut found = Vec::new();
        let mut page = Page { after: None, rows: 1 };
        loop {
            let (query, asked) =
                (RecordQuery { order: Some("founded".to_owned()), descending, ..query(None) }, page.clone());
            let listed =
                world.store.read(move |reader| reader.records(&Scope::everything(), &query, &asked)).await.unwrap();
            found.extend(listed.rows.into_iter().map(|row| row.id));
            let Some(next) = listed.next else { break };
            page.after = Some(next);
        }
        assert_eq!(found, expected);
    }
}

pub(super) async fn fields_that_are_not_declared_are_refused(world: World) {
    let refused = |query: RecordQuery| {
        let world = &world;
        async move {
            let read = world.store.read(move |reader| reader.records(&Scope::everything(), &query, &Page::default()));
            assert!(matches!(read.await, Err(Fault::Task(_))));
        }
    };
    refused(query(Some(Filter::Eq("name".to_owned(), Scalar::Int(1))))).await;
    refused(RecordQuery { order: Some("capital".to_owned()), ..query(None) }).await;
    refused(RecordQuery { register: "x' or '1'='1".to_owned(), ..query(None) }).await;
    let hostile = Field { name: "a') or ('".to_owned(), kind: FieldKind::Text };
    refused(RecordQuery {
        fields: vec![hostile.clone()],
        filter: Some(Filter::Eq(hostile.name.clone(), Scalar::Int(1))),
        ..query(None)
    })
    .await;
    assert!(
        world
            .store
            .write(move |writes| writes.declare_fields("enterprises", std::slice::from_ref(&hostile)))
            .await
            .is_err()
    );
    let deep = (0..20).fold(Filter::Text("建筑".to_owned()), |inner, _| Filter::And(vec![inner]));
    refused(query(Some(deep))).await;
}
