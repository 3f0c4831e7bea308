/**
 * HTTP servers; the only import of node:http and node:https for more than types. An ES import of node:http reads all
 * it exports and so loads the fetch that is in Node, 10 MB that a daemon never uses; `require` does not.
 */
const http = process.getBuiltinModule('node:http')
const https = process.getBuiltinModule('node:https')

export const { createServer, STATUS_CODES } = http
export const createTlsServer = https.createServer
