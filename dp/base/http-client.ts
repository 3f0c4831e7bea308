/** HTTP calls to others; the only import of undici. */
export { Agent, request } from 'undici'
