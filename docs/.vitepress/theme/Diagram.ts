/** A diagram of Mermaid, drawn where the page is shown; its text until then. */
import { defineComponent, h, onMounted, ref } from "vue"

let count = 0

export const Diagram = defineComponent({
  props: { text: { type: String, required: true } },
  setup: (props) => {
    const source = decodeURIComponent(props.text)
    const drawn = ref<string>()
    onMounted(async () => {
      const { default: mermaid } = await import("mermaid")
      mermaid.initialize({
        startOnLoad: false,
        theme: document.documentElement.classList.contains("dark") ? "dark" : "neutral"
      })
      drawn.value = (await mermaid.render(`diagram-${++count}`, source)).svg
    })
    return () =>
      drawn.value === undefined
        ? h("pre", { tabindex: "0" }, source)
        : h("div", { role: "img", "aria-label": "Diagram", innerHTML: drawn.value })
  }
})
