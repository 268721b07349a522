// Holds a request, its body included, until the registry has judged the event in it.
//
// `auth_request` can't do this: its subrequest has no body. A subrequest of njs carries the body of the request that caused it.

async function guard(r) {
    const args = r.variables.validate_args || '';
    const verdict = await r.subrequest('/_validate', { method: 'POST', args });
    switch (verdict.status) {
    case 200:
        r.internalRedirect('@app');
        return;
    case 400:
    case 413:
    case 415:
    case 422:
        // the report says what is wrong
        r.headersOut['Content-Type'] = verdict.headersOut['Content-Type'];
        r.return(verdict.status, verdict.responseText);
        return;
    default:
        // closed while nobody can judge
        r.headersOut['Retry-After'] = '1';
        r.return(503, 'events can not be validated at the moment\n');
    }
}

export default { guard };
