/** A question of the control plane → the answer frame: the value, or why there is none. Never throws. */
import { messageOf } from '#base/errors.ts'
import type { Answer, AnswerValue, Question, Topic } from '#contract/questions.ts'
import { MAX_FRAME_BYTES } from '#contract/version.ts'

/** For what is around the value in the frame. */
const ENVELOPE_BYTES = 1_024

export async function answerTo(
  question: Question,
  answer: (topic: Topic) => AnswerValue | Promise<AnswerValue>,
): Promise<Answer> {
  const { id, topic } = question
  try {
    const value = await answer(topic)
    const bytes = Buffer.byteLength(JSON.stringify(value))
    if (bytes <= MAX_FRAME_BYTES - ENVELOPE_BYTES) return { type: 'answer', id, value, fault: null }
    return { type: 'answer', id, value: null, fault: `an answer of ${bytes} bytes is too large for a frame` }
  } catch (error) {
    return { type: 'answer', id, value: null, fault: messageOf(error) }
  }
}
