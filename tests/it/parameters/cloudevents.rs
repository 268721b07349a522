//! The cases of CloudEvents. They come first, and later ones use what earlier ones made: ids are those of a fresh registry.

use super::Case;

/// One for each parameter of each operation.
pub const EVENT_CASES: &[Case] = &[
    Case {
        operation: "getDocumentById",
        parameter: "details",
        steps: &[
            r#"REG ev-s "string""#,
            r#"REG ev-i {"type":"record","name":"I","fields":[]}"#,
            "REF ev-o ev-i",
            r#"PUT /cloudevents/types/ev.bound {"subject":"ev-s"}"#,
            r#"PUT /cloudevents/types/ev.o {"subject":"ev-o"}"#,
        ],
        without: ("GET /cloudevents/schemas/ids/1", r#"200 "string""#),
        with: ("GET /cloudevents/schemas/ids/1?details=true", r#""dataschema":"#),
    },
    Case {
        operation: "getDocumentById",
        parameter: "download",
        steps: &[],
        without: ("GET /cloudevents/schemas/ids/1", r#"200 "string""#),
        with: ("GET /cloudevents/schemas/ids/1?download=true", r#"200 "string""#),
    },
    Case {
        operation: "getDocumentById",
        parameter: "references",
        steps: &[],
        without: ("GET /cloudevents/schemas/ids/3", r#""type":"I""#),
        with: ("GET /cloudevents/schemas/ids/3?references=bundled", r#""type":{"type":"record","name":"I""#),
    },
    Case {
        operation: "getDocumentById",
        parameter: "subject",
        steps: &[],
        without: ("GET /cloudevents/schemas/ids/1", r#"200 "string""#),
        with: ("GET /cloudevents/schemas/ids/1?subject=:.nowhere:s", "404 "),
    },
    Case {
        operation: "getDocumentByGuid",
        parameter: "details",
        steps: &[
            r#"REG ev-s "string""#,
            r#"REG ev-i {"type":"record","name":"I","fields":[]}"#,
            "REF ev-o ev-i",
            r#"PUT /cloudevents/types/ev.bound {"subject":"ev-s"}"#,
            r#"PUT /cloudevents/types/ev.o {"subject":"ev-o"}"#,
        ],
        without: ("GET /cloudevents/schemas/guids/095d71cf-1255-6b9d-5e33-0ad575b3df5d", r#"200 "string""#),
        with: ("GET /cloudevents/schemas/guids/095d71cf-1255-6b9d-5e33-0ad575b3df5d?details=true", r#""dataschema":"#),
    },
    Case {
        operation: "getDocumentByGuid",
        parameter: "download",
        steps: &[],
        without: ("GET /cloudevents/schemas/guids/095d71cf-1255-6b9d-5e33-0ad575b3df5d", r#"200 "string""#),
        with: ("GET /cloudevents/schemas/guids/095d71cf-1255-6b9d-5e33-0ad575b3df5d?download=true", r#"200 "string""#),
    },
    Case {
        operation: "getDocumentByGuid",
        parameter: "references",
        steps: &[],
        without: ("GET /cloudevents/schemas/guids/1128cc4d-d72e-23a0-2dcb-158b9d377b92", r#""type":"I""#),
        with: (
            "GET /cloudevents/schemas/guids/1128cc4d-d72e-23a0-2dcb-158b9d377b92?references=bundled",
            r#""type":{"type":"record","name":"I""#,
        ),
    },
    Case {
        operation: "getDocumentByVersion",
        parameter: "details",
        steps: &[
            r#"REG ev-s "string""#,
            r#"REG ev-i {"type":"record","name":"I","fields":[]}"#,
            "REF ev-o ev-i",
            r#"PUT /cloudevents/types/ev.bound {"subject":"ev-s"}"#,
            r#"PUT /cloudevents/types/ev.o {"subject":"ev-o"}"#,
        ],
        without: ("GET /cloudevents/subjects/ev-s/versions/1", r#"200 "string""#),
        with: ("GET /cloudevents/subjects/ev-s/versions/1?details=true", r#""dataschema":"#),
    },
    Case {
        operation: "getDocumentByVersion",
        parameter: "download",
        steps: &[],
        without: ("GET /cloudevents/subjects/ev-s/versions/1", r#"200 "string""#),
        with: ("GET /cloudevents/subjects/ev-s/versions/1?download=true", r#"200 "string""#),
    },
    Case {
        operation: "getDocumentByVersion",
        parameter: "references",
        steps: &[],
        without: ("GET /cloudevents/subjects/ev-o/versions/1", r#""type":"I""#),
        with: ("GET /cloudevents/subjects/ev-o/versions/1?references=bundled", r#""type":{"type":"record","name":"I""#),
    },
    Case {
        operation: "getDocumentByVersion",
        parameter: "deleted",
        steps: &[
            r#"REG ev-gone "long""#,
            r#"PUT /cloudevents/types/ev.gone {"subject":"ev-gone","version":1}"#,
            "DELETE /subjects/ev-gone/versions/1",
        ],
        without: ("GET /cloudevents/subjects/ev-gone/versions/1", "410 "),
        with: ("GET /cloudevents/subjects/ev-gone/versions/1?deleted=true", r#"200 "long""#),
    },
    Case {
        operation: "getDocumentByType",
        parameter: "details",
        steps: &[
            r#"REG ev-s "string""#,
            r#"REG ev-i {"type":"record","name":"I","fields":[]}"#,
            "REF ev-o ev-i",
            r#"PUT /cloudevents/types/ev.bound {"subject":"ev-s"}"#,
            r#"PUT /cloudevents/types/ev.o {"subject":"ev-o"}"#,
        ],
        without: ("GET /cloudevents/types/ev.bound/schema", r#"200 "string""#),
        with: ("GET /cloudevents/types/ev.bound/schema?details=true", r#""dataschema":"#),
    },
    Case {
        operation: "getDocumentByType",
        parameter: "download",
        steps: &[],
        without: ("GET /cloudevents/types/ev.bound/schema", r#"200 "string""#),
        with: ("GET /cloudevents/types/ev.bound/schema?download=true", r#"200 "string""#),
    },
    Case {
        operation: "getDocumentByType",
        parameter: "references",
        steps: &[],
        without: ("GET /cloudevents/types/ev.o/schema", r#""type":"I""#),
        with: ("GET /cloudevents/types/ev.o/schema?references=bundled", r#""type":{"type":"record","name":"I""#),
    },
    Case {
        operation: "getDocumentByType",
        parameter: "deleted",
        steps: &[],
        without: ("GET /cloudevents/types/ev.gone/schema", "410 "),
        with: ("GET /cloudevents/types/ev.gone/schema?deleted=true", r#"200 "long""#),
    },
    Case {
        operation: "getResolvedDocument",
        parameter: "details",
        steps: &[
            r#"REG ev-s "string""#,
            r#"REG ev-i {"type":"record","name":"I","fields":[]}"#,
            "REF ev-o ev-i",
            r#"PUT /cloudevents/types/ev.bound {"subject":"ev-s"}"#,
            r#"PUT /cloudevents/types/ev.o {"subject":"ev-o"}"#,
        ],
        without: ("GET /cloudevents/resolve/document?type=ev.bound", r#"200 "string""#),
        with: ("GET /cloudevents/resolve/document?type=ev.bound&details=true", r#""dataschema":"#),
    },
    Case {
        operation: "getResolvedDocument",
        parameter: "download",
        steps: &[],
        without: ("GET /cloudevents/resolve/document?type=ev.bound", r#"200 "string""#),
        with: ("GET /cloudevents/resolve/document?type=ev.bound&download=true", r#"200 "string""#),
    },
    Case {
        operation: "getResolvedDocument",
        parameter: "references",
        steps: &[],
        without: ("GET /cloudevents/resolve/document?type=ev.o", r#""type":"I""#),
        with: ("GET /cloudevents/resolve/document?type=ev.o&references=bundled", r#""type":{"type":"record","name":"I""#),
    },
    Case {
        operation: "getResolvedDocument",
        parameter: "deleted",
        steps: &[],
        without: ("GET /cloudevents/resolve/document?type=ev.gone", "410 "),
        with: ("GET /cloudevents/resolve/document?type=ev.gone&deleted=true", r#"200 "long""#),
    },
    Case {
        operation: "getResolvedDocument",
        parameter: "dataschema",
        steps: &[],
        without: ("GET /cloudevents/resolve/document?type=ev.bound", r#"200 "string""#),
        with: (
            "GET /cloudevents/resolve/document?type=ev.bound&dataschema=/cloudevents/schemas/guids/1128cc4d-d72e-23a0-2dcb-158b9d377b92",
            r#""name":"O""#,
        ),
    },
    Case {
        operation: "getResolvedDocument",
        parameter: "type",
        steps: &[],
        without: ("GET /cloudevents/resolve/document", "400 "),
        with: ("GET /cloudevents/resolve/document?type=ev.bound", r#"200 "string""#),
    },
    Case {
        operation: "postResolvedDocument",
        parameter: "details",
        steps: &[
            r#"REG ev-s "string""#,
            r#"REG ev-i {"type":"record","name":"I","fields":[]}"#,
            "REF ev-o ev-i",
            r#"PUT /cloudevents/types/ev.bound {"subject":"ev-s"}"#,
            r#"PUT /cloudevents/types/ev.o {"subject":"ev-o"}"#,
        ],
        without: (r#"POST /cloudevents/resolve/document {"type":"ev.bound"}"#, r#"200 "string""#),
        with: (r#"POST /cloudevents/resolve/document?details=true {"type":"ev.bound"}"#, r#""dataschema":"#),
    },
    Case {
        operation: "postResolvedDocument",
        parameter: "download",
        steps: &[],
        without: (r#"POST /cloudevents/resolve/document {"type":"ev.bound"}"#, r#"200 "string""#),
        with: (r#"POST /cloudevents/resolve/document?download=true {"type":"ev.bound"}"#, r#"200 "string""#),
    },
    Case {
        operation: "postResolvedDocument",
        parameter: "references",
        steps: &[],
        without: (r#"POST /cloudevents/resolve/document {"type":"ev.o"}"#, r#""type":"I""#),
        with: (
            r#"POST /cloudevents/resolve/document?references=bundled {"type":"ev.o"}"#,
            r#""type":{"type":"record","name":"I""#,
        ),
    },
    Case {
        operation: "postResolvedDocument",
        parameter: "deleted",
        steps: &[],
        without: (r#"POST /cloudevents/resolve/document {"type":"ev.gone"}"#, "410 "),
        with: (r#"POST /cloudevents/resolve/document?deleted=true {"type":"ev.gone"}"#, r#"200 "long""#),
    },
    Case {
        operation: "resolveDataschema",
        parameter: "dataschema",
        steps: &[],
        without: ("GET /cloudevents/resolve?type=ev.bound", r#""resolved_by":"type-binding""#),
        with: (
            "GET /cloudevents/resolve?type=ev.bound&dataschema=/cloudevents/schemas/guids/1128cc4d-d72e-23a0-2dcb-158b9d377b92",
            r#""resolved_by":"own-base""#,
        ),
    },
    Case {
        operation: "resolveDataschema",
        parameter: "type",
        steps: &[],
        without: ("GET /cloudevents/resolve", "400 "),
        with: ("GET /cloudevents/resolve?type=ev.bound", r#""subject":"ev-s""#),
    },
    Case {
        operation: "deleteAlias",
        parameter: "uri",
        steps: &[r#"PUT /cloudevents/aliases {"uri":"urn:ev:1","subject":"ev-s","version":1}"#],
        without: ("DELETE /cloudevents/aliases", "40000"),
        with: ("DELETE /cloudevents/aliases?uri=urn:ev:1", r#"200 {"uri":"urn:ev:1""#),
    },
    Case {
        operation: "listAliases",
        parameter: "limit",
        steps: &[
            r#"PUT /cloudevents/aliases {"uri":"urn:ev:2","subject":"ev-s","version":1}"#,
            r#"PUT /cloudevents/aliases {"uri":"urn:ev:3","subject":"ev-s","version":1}"#,
        ],
        without: ("GET /cloudevents/aliases", "urn:ev:3"),
        with: ("GET /cloudevents/aliases?limit=1", "urn:ev:2"),
    },
    Case {
        operation: "listAliases",
        parameter: "offset",
        steps: &[],
        without: ("GET /cloudevents/aliases", "urn:ev:2"),
        with: ("GET /cloudevents/aliases?offset=1", "urn:ev:3"),
    },
    Case {
        operation: "listEventTypes",
        parameter: "limit",
        steps: &[],
        without: ("GET /cloudevents/types", "ev.o"),
        with: ("GET /cloudevents/types?limit=1", "ev.bound"),
    },
    Case {
        operation: "listEventTypes",
        parameter: "offset",
        steps: &[],
        without: ("GET /cloudevents/types", "ev.bound"),
        with: ("GET /cloudevents/types?offset=1", "ev.o"),
    },
    Case {
        operation: "validateEvent",
        parameter: "formats",
        steps: &[
            r#"POST /subjects/ev-json/versions {"schemaType":"JSON","schema":"{\"type\":\"object\",\"properties\":{\"d\":{\"type\":\"string\",\"format\":\"date\"}}}"}"#,
        ],
        without: (
            r#"EVENT /cloudevents/validate?subject=ev-json {"specversion":"1.0","id":"1","source":"/s","type":"t","data":{"d":"x"}}"#,
            r#""keyword":"format""#,
        ),
        with: (
            r#"EVENT /cloudevents/validate?subject=ev-json&formats=false {"specversion":"1.0","id":"1","source":"/s","type":"t","data":{"d":"x"}}"#,
            r#""valid":true"#,
        ),
    },
    Case {
        operation: "validateEvent",
        parameter: "mode",
        steps: &[],
        without: (
            r#"EVENT /cloudevents/validate?subject=ev-json {"specversion":"1.0","id":"1","source":"/s","type":"t","anextensionnamethatistoolong":"x","data":{}}"#,
            r#""valid":true"#,
        ),
        with: (
            r#"EVENT /cloudevents/validate?subject=ev-json&mode=strict {"specversion":"1.0","id":"1","source":"/s","type":"t","anextensionnamethatistoolong":"x","data":{}}"#,
            r#""valid":false"#,
        ),
    },
    Case {
        operation: "validateEvent",
        parameter: "schema",
        steps: &[],
        without: (
            r#"EVENT /cloudevents/validate {"specversion":"1.0","id":"1","source":"/s","type":"t","dataschema":"urn:ev:none","data":{}}"#,
            "schema.unresolved",
        ),
        with: (
            r#"EVENT /cloudevents/validate?schema=ignore {"specversion":"1.0","id":"1","source":"/s","type":"t","dataschema":"urn:ev:none","data":{}}"#,
            r#""valid":true"#,
        ),
    },
    Case {
        operation: "validateEvent",
        parameter: "status",
        steps: &[],
        without: (
            r#"EVENT /cloudevents/validate?subject=ev-json {"specversion":"1.0","id":"1","source":"/s","type":"t","data":{"d":"x"}}"#,
            "422 ",
        ),
        with: (
            r#"EVENT /cloudevents/validate?subject=ev-json&status=always-200 {"specversion":"1.0","id":"1","source":"/s","type":"t","data":{"d":"x"}}"#,
            "200 ",
        ),
    },
    Case {
        operation: "validateEvent",
        parameter: "subject",
        steps: &[],
        without: (
            r#"EVENT /cloudevents/validate {"specversion":"1.0","id":"1","source":"/s","type":"t","data":{"d":"2026-01-02"}}"#,
            r#""checked":false"#,
        ),
        with: (
            r#"EVENT /cloudevents/validate?subject=ev-json {"specversion":"1.0","id":"1","source":"/s","type":"t","data":{"d":"2026-01-02"}}"#,
            r#""checked":true"#,
        ),
    },
    Case {
        operation: "validateEvent",
        parameter: "version",
        steps: &[],
        without: (
            r#"EVENT /cloudevents/validate?subject=ev-json {"specversion":"1.0","id":"1","source":"/s","type":"t","data":{"d":"2026-01-02"}}"#,
            r#""checked":true"#,
        ),
        with: (
            r#"EVENT /cloudevents/validate?subject=ev-json&version=9 {"specversion":"1.0","id":"1","source":"/s","type":"t","data":{"d":"2026-01-02"}}"#,
            "schema.unresolved",
        ),
    },
    Case {
        operation: "validateRecord",
        parameter: "formats",
        steps: &[
            r#"POST /subjects/ev-json/versions {"schemaType":"JSON","schema":"{\"type\":\"object\",\"properties\":{\"d\":{\"type\":\"string\",\"format\":\"date\"}}}"}"#,
        ],
        without: (
            r#"POST /cloudevents/validate/kafka?subject=ev-json {"headers":[{"key":"ce_specversion","value":"1.0"},{"key":"ce_id","value":"1"},{"key":"ce_source","value":"/s"},{"key":"ce_type","value":"t"},{"key":"content-type","value":"application/json"}],"value":"{\"d\":\"x\"}"}"#,
            r#""keyword":"format""#,
        ),
        with: (
            r#"POST /cloudevents/validate/kafka?subject=ev-json&formats=false {"headers":[{"key":"ce_specversion","value":"1.0"},{"key":"ce_id","value":"1"},{"key":"ce_source","value":"/s"},{"key":"ce_type","value":"t"},{"key":"content-type","value":"application/json"}],"value":"{\"d\":\"x\"}"}"#,
            r#""valid":true"#,
        ),
    },
    Case {
        operation: "validateRecord",
        parameter: "mode",
        steps: &[],
        without: (
            r#"POST /cloudevents/validate/kafka?subject=ev-json {"headers":[{"key":"ce_specversion","value":"1.0"},{"key":"ce_id","value":"1"},{"key":"ce_source","value":"/s"},{"key":"ce_type","value":"t"},{"key":"ce_anextensionnamethatistoolong","value":"x"},{"key":"content-type","value":"application/json"}],"value":"{}"}"#,
            r#""valid":true"#,
        ),
        with: (
            r#"POST /cloudevents/validate/kafka?subject=ev-json&mode=strict {"headers":[{"key":"ce_specversion","value":"1.0"},{"key":"ce_id","value":"1"},{"key":"ce_source","value":"/s"},{"key":"ce_type","value":"t"},{"key":"ce_anextensionnamethatistoolong","value":"x"},{"key":"content-type","value":"application/json"}],"value":"{}"}"#,
            r#""valid":false"#,
        ),
    },
    Case {
        operation: "validateRecord",
        parameter: "schema",
        steps: &[],
        without: (
            r#"POST /cloudevents/validate/kafka {"headers":[{"key":"ce_specversion","value":"1.0"},{"key":"ce_id","value":"1"},{"key":"ce_source","value":"/s"},{"key":"ce_type","value":"t"},{"key":"ce_dataschema","value":"urn:ev:none"},{"key":"content-type","value":"application/json"}],"value":"{}"}"#,
            "schema.unresolved",
        ),
        with: (
            r#"POST /cloudevents/validate/kafka?schema=ignore {"headers":[{"key":"ce_specversion","value":"1.0"},{"key":"ce_id","value":"1"},{"key":"ce_source","value":"/s"},{"key":"ce_type","value":"t"},{"key":"ce_dataschema","value":"urn:ev:none"},{"key":"content-type","value":"application/json"}],"value":"{}"}"#,
            r#""valid":true"#,
        ),
    },
    Case {
        operation: "validateRecord",
        parameter: "status",
        steps: &[],
        without: (
            r#"POST /cloudevents/validate/kafka?subject=ev-json {"headers":[{"key":"ce_specversion","value":"1.0"},{"key":"ce_id","value":"1"},{"key":"ce_source","value":"/s"},{"key":"ce_type","value":"t"},{"key":"content-type","value":"application/json"}],"value":"{\"d\":\"x\"}"}"#,
            "422 ",
        ),
        with: (
            r#"POST /cloudevents/validate/kafka?subject=ev-json&status=always-200 {"headers":[{"key":"ce_specversion","value":"1.0"},{"key":"ce_id","value":"1"},{"key":"ce_source","value":"/s"},{"key":"ce_type","value":"t"},{"key":"content-type","value":"application/json"}],"value":"{\"d\":\"x\"}"}"#,
            "200 ",
        ),
    },
    Case {
        operation: "validateRecord",
        parameter: "subject",
        steps: &[],
        without: (
            r#"POST /cloudevents/validate/kafka {"headers":[{"key":"ce_specversion","value":"1.0"},{"key":"ce_id","value":"1"},{"key":"ce_source","value":"/s"},{"key":"ce_type","value":"t"},{"key":"content-type","value":"application/json"}],"value":"{\"d\":\"2026-01-02\"}"}"#,
            r#""checked":false"#,
        ),
        with: (
            r#"POST /cloudevents/validate/kafka?subject=ev-json {"headers":[{"key":"ce_specversion","value":"1.0"},{"key":"ce_id","value":"1"},{"key":"ce_source","value":"/s"},{"key":"ce_type","value":"t"},{"key":"content-type","value":"application/json"}],"value":"{\"d\":\"2026-01-02\"}"}"#,
            r#""checked":true"#,
        ),
    },
    Case {
        operation: "validateRecord",
        parameter: "version",
        steps: &[],
        without: (
            r#"POST /cloudevents/validate/kafka?subject=ev-json {"headers":[{"key":"ce_specversion","value":"1.0"},{"key":"ce_id","value":"1"},{"key":"ce_source","value":"/s"},{"key":"ce_type","value":"t"},{"key":"content-type","value":"application/json"}],"value":"{\"d\":\"2026-01-02\"}"}"#,
            r#""checked":true"#,
        ),
        with: (
            r#"POST /cloudevents/validate/kafka?subject=ev-json&version=9 {"headers":[{"key":"ce_specversion","value":"1.0"},{"key":"ce_id","value":"1"},{"key":"ce_source","value":"/s"},{"key":"ce_type","value":"t"},{"key":"content-type","value":"application/json"}],"value":"{\"d\":\"2026-01-02\"}"}"#,
            "schema.unresolved",
        ),
    },
];
